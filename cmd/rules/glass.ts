// What `explain` and `test` look with: the compiled policy and placeholders. The key of an installation is read where there is one; none is made.
// Must not start anything.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openPlaceholders, type Placeholders } from '../../src/rules/masking/placeholders.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { placeholderKey } from '../../src/store/placeholder-key.ts';
import { type Invocation, loadSettings, policySettings } from '../settings.ts';

/** Ready to look. */
export interface Glass {
  readonly policy: Policy;
  readonly placeholders: Placeholders;
  /** 'home': placeholders are those that the daemon would make; 'once': they are good for this time only. */
  readonly key: 'home' | 'once';
  readonly home: string;
}

const MAX_VALUES = 1_000_000;

/** Throws ConfigError, and StoreError for a key that others can read. */
export function openGlass(invocation: Invocation): Glass {
  const { config } = loadSettings(invocation);
  const isThere = existsSync(join(config.home, 'placeholder.key'));
  const key = isThere ? placeholderKey(config.home) : randomBytes(32);
  return {
    policy: compilePolicy(policySettings(config)),
    placeholders: openPlaceholders({ key, maxEntries: MAX_VALUES }),
    key: isThere ? 'home' : 'once',
    home: config.home,
  };
}
