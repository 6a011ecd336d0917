// Rules about findings that commands have written, in the order in which they decide. Each is checked by the schema of the file's rules
// when it is written, and again when it is read: a row may be damaged, or a newer Sallyport's. Must not know what a rule does.
import { didYouMean } from '../nearest.ts';
import { parseRule, RULE_MEMBERS, type Rule, type RuleGrammar } from '../rule-schema.ts';
import type { Store } from './open.ts';
import { StoreError } from './store-error.ts';

/** A row. Either `rule` or `trouble` is there. */
export interface StoredRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly rule: Rule | undefined;
  /** Why it cannot be read, in a line. */
  readonly trouble: string | undefined;
  /** It may keep something from leaving, as far as can be told: false only for `warn` and `off`. */
  readonly mayHold: boolean;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** A rule to be written. */
export interface RuleEntry {
  readonly rule: Rule;
  readonly enabled: boolean;
}

/** Where among the rules of the store one goes. */
export type RulePlace = 'first' | 'last' | { readonly before: string } | { readonly after: string };

/** The table. What changes it does so whole or not at all, and throws StoreError for an id that is not there. */
export interface RuleTable {
  /** In the order in which they decide. */
  all(): readonly StoredRule[];
  /** Throws StoreError where the id is taken. */
  add(rule: Rule, place: RulePlace): void;
  /** Replaces a rule by what `change` makes of its members. Throws RuleError where that is no rule. */
  edit(id: string, change: (members: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): void;
  remove(ids: readonly string[]): void;
  enable(ids: readonly string[], enabled: boolean): void;
  move(id: string, place: RulePlace): void;
  /** Puts the entries behind what is there, or in its place. */
  take(entries: Iterable<RuleEntry>, options: { readonly replace: boolean }): void;
}

interface Row {
  readonly id: string;
  readonly enabled: number;
  readonly rule: string;
  readonly created_at_ms: number;
  readonly changed_at_ms: number;
}

/** Opens the table of a store; `now` is the wall clock, ms. */
export function openRules({ db }: Store, grammar: RuleGrammar, now: () => number): RuleTable {
  const select = db.prepare('SELECT id, enabled, rule, created_at_ms, changed_at_ms FROM rules ORDER BY position, id');
  const insert = db.prepare('INSERT INTO rules VALUES (@id, @position, @enabled, @rule, @at, @at) ON CONFLICT (id) DO NOTHING');
  const last = db.prepare('SELECT ifnull(max(position), 0) FROM rules').pluck();
  const rows = () => select.all() as Row[];

  const rowOf = (id: string): Row => {
    const all = rows();
    const row = all.find((one) => one.id === id);
    if (row) return row;
    const near = didYouMean(
      id,
      all.map((one) => one.id),
    );
    throw new StoreError(`there is no rule «${id}» in the store${near}`);
  };
  const append = ({ rule, enabled }: RuleEntry): void => {
    const position = (last.get() as number) + 1;
    const { changes } = insert.run({ id: rule.id, position, enabled: Number(enabled), rule: written(rule), at: now() });
    if (changes === 0) throw new StoreError(`there is a rule «${rule.id}» in the store already`);
  };
  const place = (id: string, where: RulePlace): void => {
    const ids = rows().flatMap((row) => (row.id === id ? [] : row.id));
    ids.splice(indexIn(ids, where), 0, id);
    const set = db.prepare('UPDATE rules SET position = ? WHERE id = ?');
    ids.forEach((one, i) => void set.run(i + 1, one));
  };
  const indexIn = (ids: readonly string[], where: RulePlace): number => {
    if (where === 'first') return 0;
    if (where === 'last') return ids.length;
    const other = 'before' in where ? where.before : where.after;
    const at = ids.indexOf(rowOf(other).id);
    if (at < 0) throw new StoreError(`«${other}» cannot stand before or after itself`);
    return 'before' in where ? at : at + 1;
  };
  const whole =
    <A extends readonly unknown[]>(change: (...args: A) => void) =>
    (...args: A): void =>
      db.transaction(() => change(...args)).immediate();

  return {
    all: () => rows().map((row) => storedRule(row, grammar)),
    add: whole((rule, where) => {
      append({ rule, enabled: true });
      place(rule.id, where);
    }),
    edit: whole((id, change) => {
      const rule = parseRule(grammar, { ...change(membersOf(rowOf(id).rule) ?? {}), id });
      db.prepare('UPDATE rules SET rule = ?, changed_at_ms = ? WHERE id = ?').run(written(rule), now(), id);
    }),
    remove: whole((ids) => {
      for (const id of ids) db.prepare('DELETE FROM rules WHERE id = ?').run(rowOf(id).id);
    }),
    enable: whole((ids, enabled) => {
      const set = db.prepare('UPDATE rules SET enabled = ?, changed_at_ms = ? WHERE id = ?');
      for (const id of ids) set.run(Number(enabled), now(), rowOf(id).id);
    }),
    move: whole((id, where) => place(rowOf(id).id, where)),
    take: whole((entries, { replace }) => {
      if (replace) db.prepare('DELETE FROM rules').run();
      for (const entry of entries) append(entry);
    }),
  };
}

/**
 * The rules that decide, in order, and those that were passed over because they cannot be read: without them nothing leaves that would not
 * leave with them. Throws StoreError where one cannot be read that may keep something from leaving.
 */
export function rulesInForce(stored: readonly StoredRule[]): {
  readonly rules: readonly (Rule & { readonly idle?: true })[];
  readonly unread: readonly StoredRule[];
} {
  const enabled = stored.filter((one) => one.enabled);
  const holding = enabled.find(({ rule, mayHold }) => rule === undefined && mayHold);
  if (holding) {
    const { id, trouble } = holding;
    throw new StoreError(
      `the rule «${id}» in the store may keep values from leaving and cannot be read (${trouble}): correct it with ` +
        `sallyport rules edit ${id}, or do without it with sallyport rules disable ${id}`,
    );
  }
  // One that is switched off holds for profiles that add it.
  const rules = stored.flatMap(({ rule, enabled: isOn }) => (rule ? [isOn ? rule : { ...rule, idle: true as const }] : []));
  return { rules, unread: enabled.filter(({ rule }) => rule === undefined) };
}

function storedRule(row: Row, grammar: RuleGrammar): StoredRule {
  const members = membersOf(row.rule);
  const facts = {
    id: row.id,
    enabled: row.enabled !== 0,
    mayHold: members?.action !== 'warn' && members?.action !== 'off',
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  };
  if (!members) return { ...facts, rule: undefined, trouble: 'it is not the JSON of a rule' };
  try {
    return { ...facts, rule: parseRule(grammar, { ...members, id: row.id }), trouble: undefined };
  } catch (thrown) {
    return { ...facts, rule: undefined, trouble: troubleOf(thrown as Error & { readonly member?: string }) };
  }
}

function troubleOf({ member, message }: Error & { readonly member?: string }): string {
  return member ? `${member}: ${message}` : message;
}

/** The members in their order, without the id, which is the row's. */
function written(rule: Rule): string {
  const members = RULE_MEMBERS.filter((name) => name !== 'id' && rule[name] !== undefined);
  return JSON.stringify(Object.fromEntries(members.map((name) => [name, rule[name]])));
}

/** The members that a row holds; undefined where it holds none. */
function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
