// The table of profiles, held in memory too: every exchange asks for its own. `default` is always there.
// Must not know what a profile's rules or limits do.
import { DEFAULT_PROFILE, type Profile } from '../rules/profile.ts';
import type { Store } from './open.ts';
import { StoreError } from './store-error.ts';

/** The profiles of a store. What another process changed is seen after `refresh`. */
export interface Profiles {
  get(name: string): Profile | undefined;
  /** By name, `default` first. */
  list(): readonly Profile[];
  /** Throws StoreError where there is one of that name. */
  add(profile: Profile): void;
  /** Writes a profile that is there. Throws StoreError where it is not. */
  set(profile: Profile): void;
  /** Takes the profile's tokens with it. Throws StoreError for `default`, and where there is none of that name. */
  remove(name: string): void;
  refresh(): void;
}

interface Row {
  readonly name: string;
  readonly rules: string;
  readonly vault: string;
  readonly requests_per_minute: number | null;
  readonly tokens_per_day: number | null;
  readonly money_per_day: number | null;
  readonly over_budget: Profile['overBudget'];
  readonly log: Profile['log'];
  readonly masked_until_ms: number | null;
}

/** Opens the table. */
export function openProfiles(store: Store): Profiles {
  const select = store.db.prepare(`SELECT * FROM profiles ORDER BY name <> '${DEFAULT_PROFILE.name}', name`);
  const insert = store.db.prepare(
    `INSERT INTO profiles (name, rules, vault, requests_per_minute, tokens_per_day, money_per_day, over_budget, log, masked_until_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const update = store.db.prepare(
    `UPDATE profiles SET rules = ?, vault = ?, requests_per_minute = ?, tokens_per_day = ?, money_per_day = ?, over_budget = ?, log = ?,
       masked_until_ms = ? WHERE name = ?`,
  );
  const erase = store.db.prepare('DELETE FROM profiles WHERE name = ?');
  let known = new Map<string, Profile>();
  const refresh = (): void => {
    known = new Map((select.all() as Row[]).map((row) => [row.name, toProfile(row)]));
  };
  refresh();
  return {
    get(name) {
      // A token may be of a profile that another process has only just made.
      if (!known.has(name)) refresh();
      return known.get(name);
    },
    list: () => [...known.values()],
    add(profile) {
      if (insert.run(profile.name, ...values(profile)).changes === 0) throw new StoreError(`there is a profile «${profile.name}» already`);
      refresh();
    },
    set(profile) {
      if (update.run(...values(profile), profile.name).changes === 0) throw new NoSuchProfile(profile.name);
      refresh();
    },
    remove(name) {
      if (name === DEFAULT_PROFILE.name) throw new StoreError(`the profile «${name}» is always there`);
      if (erase.run(name).changes === 0) throw new NoSuchProfile(name);
      refresh();
    },
    refresh,
  };
}

/** There is none of that name. */
export class NoSuchProfile extends StoreError {
  constructor(name: string) {
    super(`there is no profile «${name}»: sallyport profile list shows them`);
    this.name = 'NoSuchProfile';
  }
}

function values(profile: Profile) {
  const {
    rules,
    vault,
    requestsPerMinute = null,
    tokensPerDay = null,
    moneyPerDay = null,
    overBudget,
    log,
    maskedUntilMs = null,
  } = profile;
  return [JSON.stringify(rules), JSON.stringify(vault), requestsPerMinute, tokensPerDay, moneyPerDay, overBudget, log, maskedUntilMs];
}

function toProfile(row: Row): Profile {
  return {
    name: row.name,
    rules: JSON.parse(row.rules),
    vault: JSON.parse(row.vault),
    requestsPerMinute: row.requests_per_minute ?? undefined,
    tokensPerDay: row.tokens_per_day ?? undefined,
    moneyPerDay: row.money_per_day ?? undefined,
    overBudget: row.over_budget,
    log: row.log,
    maskedUntilMs: row.masked_until_ms ?? undefined,
  };
}
