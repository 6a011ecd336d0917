// What `explain` and `test` look with: the policy and the known values that the daemon would have, and placeholders. The store and the key of
// an installation are read where there are any; none is made. Must not start anything.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import { type KnownSet, openKnownValues } from '../../src/rules/masking/known-values.ts';
import { openPlaceholders, type Placeholders } from '../../src/rules/masking/placeholders.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { placeholderKey } from '../../src/store/placeholder-key.ts';
import { rulesInForce } from '../../src/store/rules.ts';
import { joinRules } from '../joined-rules.ts';
import { openKnownSources } from '../known-sources.ts';
import { type Invocation, loadSettings, policySettings } from '../settings.ts';
import { storedRules } from './stored.ts';

/** Ready to look. */
export interface Glass {
  readonly policy: Policy;
  readonly placeholders: Placeholders;
  /** Values that are masked wherever they stand. */
  readonly known: KnownSet | undefined;
  /** 'home': placeholders are those that the daemon would make; 'once': they are good for this time only. */
  readonly key: 'home' | 'once';
  readonly home: string;
}

const MAX_VALUES = 1_000_000;

/**
 * Throws ConfigError, StoreError for a key that others can read or a rule that cannot be followed. Without `withStore` the rules of the store
 * are left out. `warn` takes what is not wrong enough to stop.
 */
export function openGlass(invocation: Invocation, withStore: boolean, warn: (line: string) => void): Glass {
  const loaded = loadSettings(invocation);
  const { config } = loaded;
  const isThere = existsSync(join(config.home, 'placeholder.key'));
  const key = isThere ? placeholderKey(config.home) : randomBytes(32);
  const { rules, unread } = rulesInForce(withStore ? storedRules(config.home) : []);
  for (const { id, trouble } of unread) warn(`note: the rule «${id}» in the store is passed over: it cannot be read (${trouble})`);
  return {
    policy: compilePolicy(policySettings(config, joinRules(loaded, rules))),
    placeholders: openPlaceholders({ key, maxEntries: MAX_VALUES }),
    known: knownNow(config, invocation.environment, warn),
    key: isThere ? 'home' : 'once',
    home: config.home,
  };
}

function knownNow(config: Config, environment: Invocation['environment'], warn: (line: string) => void): KnownSet | undefined {
  const known = openKnownValues();
  const sources = openKnownSources(known, environment, { warn: (line) => warn(`note: ${line}`) });
  sources.follow(config);
  const now = known.current();
  sources.close();
  return now;
}
