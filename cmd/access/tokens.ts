// The actions of `sallyport token`, each from a call to its exit code.
// Must not show a token but once, when it is made.
import { randomBytes } from 'node:crypto';
import { parseToken } from '../../src/rules/client-token.ts';
import { DEFAULT_PROFILE } from '../../src/rules/profile.ts';
import { openTokens, standingOf, type TokenRow, type Tokens } from '../../src/store/tokens.ts';
import { proxyUrl, reachable } from '../address.ts';
import { changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { CommandFailure, EXIT, usage } from '../failure.ts';
import type { HomeStore } from '../home-store.ts';
import { parseNote } from '../note.ts';
import { loadSettings } from '../settings.ts';
import { columns } from '../table.ts';
import { unreffed } from '../timers.ts';
import { storedTokens } from './stored.ts';

/** By the word on the command line. */
export const TOKEN_ACTIONS = { create, list, revoke } as const;

const LIFE = '30d';

const idsOf = ({ args }: Call) => (args.ids ?? []) as readonly string[];

async function create(call: Call): Promise<number> {
  const { args, json, invocation, terminal } = call;
  if (idsOf(call).length > 0) throw usage('token create takes no id: it makes one');
  const lifeMs = parseDuration((args.expires as string | undefined) ?? LIFE, 'expires');
  const note = parseNote(args.note);
  const profile = (args.profile as string | undefined) ?? DEFAULT_PROFILE.name;
  const url = proxyUrl(reachable(loadSettings(invocation).config.listen), 'any:TOKEN');
  const { token, row } = await changeStore(invocation, (opened) => {
    const made = tokensOf(opened).create({ profile, expiresAtMs: lifeMs === undefined ? undefined : Date.now() + lifeMs, note });
    const { id, expires } = shown(made.row, Date.now());
    return { action: 'token create', subject: id, before: undefined, after: { profile, expires: expires ?? 'never', note }, ...made };
  });
  const told = shown(row, Date.now());
  if (json) {
    terminal.out(JSON.stringify({ ...told, token }));
    return EXIT.ok;
  }
  terminal.out(token);
  const until = told.expires === null ? 'without an end' : `valid until ${told.expires}`;
  terminal.err(`sallyport: token ${row.id} of profile ${profile}, ${until}; it is not shown again. In a proxy URL: ${url}`);
  return EXIT.ok;
}

async function list(call: Call): Promise<number> {
  const { json, invocation, terminal } = call;
  if (idsOf(call).length > 0) throw usage('token list takes no id: it shows all of them');
  const rows = storedTokens(invocation).map((row) => shown(row, Date.now()));
  if (json) terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) terminal.out(`no token yet; ${terminal.self} token create makes one`);
  else terminal.out(columns(['id', 'profile', 'state', 'created', 'expires', 'lastUsed', 'note'], rows));
  return EXIT.ok;
}

async function revoke(call: Call): Promise<number> {
  const { args, json, invocation, terminal } = call;
  // A token that was typed in full has been seen by others now: all the more reason.
  const named = idsOf(call).map((text) => parseToken(text)?.id ?? text);
  const isAll = args.all === true;
  if (named.length > 0 === isAll) throw usage('revoke which? token list shows their ids; --all, alone, takes every one that is valid');
  const { revoked } = await changeStore(invocation, (opened) => {
    const tokens = tokensOf(opened);
    const rows = tokens.list();
    const ids = isAll ? revokeValid(tokens) : named;
    const missing = isAll ? [] : ids.filter((id) => !tokens.revoke(id)).map((id) => `«${id}»`);
    if (missing.length > 0) {
      const others = ids.length > missing.length ? ', so none was revoked' : '';
      throw new CommandFailure(EXIT.failed, `there is no token ${missing.join(', ')}${others}; sallyport token list shows them`);
    }
    const [before, after] = [rows, tokens.list()].map((all) => states(all, ids));
    return { action: 'token revoke', subject: ids.join(' ') || '--all', before, after, revoked: ids };
  });
  terminal.out(json ? JSON.stringify({ revoked }) : `revoked: ${revoked.join(' ') || 'none was valid'}`);
  return EXIT.ok;
}

/** Takes every one that is valid: their ids. */
export function revokeValid(tokens: Tokens): readonly string[] {
  const valid = tokens.list().filter((row) => standingOf(row, Date.now()).state === 'valid');
  for (const { id } of valid) tokens.revoke(id);
  return valid.map(({ id }) => id);
}

/** By id. */
function states(rows: readonly TokenRow[], ids: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.filter(({ id }) => ids.includes(id)).map((row) => [row.id, standingOf(row, Date.now()).state]));
}

/** The table, for a change of it. */
export function tokensOf({ store, keyring }: HomeStore): Tokens {
  return openTokens({ store, keyring, now: Date.now, random: randomBytes, schedule: unreffed });
}

/** A row as it is told: times as ISO 8601, null where there is none. */
function shown(row: TokenRow, nowMs: number) {
  const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    id: row.id,
    profile: row.profile,
    state: standingOf(row, nowMs).state,
    created: at(row.createdAtMs),
    expires: at(row.expiresAtMs),
    revoked: at(row.revokedAtMs),
    lastUsed: at(row.lastUsedAtMs),
    note: row.note,
  };
}
