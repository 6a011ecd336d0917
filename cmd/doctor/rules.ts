// Whether the rules of the store can be followed beside those of the configuration.
// Must not bring an older store up to date, nor make one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedConfig } from '../../src/config.ts';
import { OutdatedStore, openStore } from '../../src/store/open.ts';
import { openRules, rulesInForce } from '../../src/store/rules.ts';
import { explain } from '../failure.ts';
import { joinRules } from '../joined-rules.ts';
import { RULE_GRAMMAR } from '../settings.ts';
import { type Finding, found } from './finding.ts';

/** One line; a rule that may keep something from leaving and cannot be read keeps the daemon from starting. */
export function checkRules(home: string, loaded: LoadedConfig): Finding {
  const configured = loaded.config.rules.length;
  const path = join(home, 'sallyport.db');
  if (!existsSync(path)) return found.ok('rules', `${configured} in the configuration`);
  try {
    const store = openStore({ path, mayMigrate: false });
    try {
      const { rules, unread } = rulesInForce(openRules(store, RULE_GRAMMAR, Date.now).all());
      joinRules(loaded, rules);
      const text = `${configured} in the configuration, ${rules.length} in the store`;
      if (unread.length === 0) return found.ok('rules', text);
      return found.warn('rules', `${text}; passed over: ${unread.map(({ id }) => id).join(', ')}`, 'sallyport rules list says why');
    } finally {
      store.close();
    }
  } catch (thrown) {
    if (thrown instanceof OutdatedStore)
      return found.info('rules', 'the store is of an older version; the next start brings it up to date');
    return found.fail('rules', explain(thrown).line, 'until then the daemon does not start');
  }
}
