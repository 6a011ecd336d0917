// Makes, lists and revokes the tokens by which clients are let in.
// Must not show a token but once, when it is made.
import { randomBytes } from 'node:crypto';
import { parseToken } from '../../src/rules/client-token.ts';
import { openTokens, standingOf, type TokenRow, type Tokens } from '../../src/store/tokens.ts';
import { proxyUrl, reachable } from '../address.ts';
import type { Call, Command } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { openHomeStore } from '../home-store.ts';
import { loadSettings } from '../settings.ts';
import { columns } from '../table.ts';
import { unreffed } from '../timers.ts';

/** `sallyport token create|list|revoke`. */
export const token: Command = {
  name: 'token <action> [ids..]',
  summary: 'make, list or revoke the tokens that let clients use the proxy',
  positionals: {
    action: { describe: 'create shows the new token, once', choices: ['create', 'list', 'revoke'] },
    ids: { describe: 'which to revoke, as list names them' },
  },
  options: {
    profile: { type: 'string', describe: 'for create: the profile it stands for [NAME]', default: 'default' },
    expires: { type: 'string', describe: 'for create: how long it is valid, such as 30d, 12h, or never [TIME]', default: '30d' },
    note: { type: 'string', describe: 'for create: what it is for [TEXT]', default: '' },
    all: { type: 'boolean', describe: 'for revoke: every one that is valid' },
  },
  settings: 'all',
  examples: [
    ['token create --note laptop', 'valid for 30 days; the token is on standard output, and nowhere else'],
    ['token create --profile ci --expires 1h --json', 'for a script'],
    ['token list', 'which there are, of which profile, until when, last used when'],
    ['token revoke 3f9a01c4', 'refused from the next request on'],
  ],
  run: async (call) => {
    const { keyring, store, close } = await openHomeStore(call.invocation);
    try {
      const tokens = openTokens({ store, keyring, now: Date.now, random: randomBytes, schedule: unreffed });
      return ACTIONS[call.args.action as keyof typeof ACTIONS](call, tokens);
    } finally {
      close();
    }
  },
};

const ACTIONS = { create, list, revoke };

function create({ args, json, invocation, terminal }: Call, tokens: Tokens): number {
  if (args.ids !== undefined && (args.ids as string[]).length > 0)
    throw new CommandFailure(EXIT.usage, 'token create takes no id: it makes one');
  const lifeMs = parseDuration(args.expires as string, 'expires');
  const note = args.note as string;
  if (/\p{Cc}/u.test(note) || note.length > MAX_NOTE)
    throw new CommandFailure(EXIT.usage, `--note takes one line of at most ${MAX_NOTE} characters`);
  const made = tokens.create({
    profile: args.profile as string,
    expiresAtMs: lifeMs === undefined ? undefined : Date.now() + lifeMs,
    note,
  });
  if (json) {
    terminal.out(JSON.stringify({ ...shown(made.row, Date.now()), token: made.token }));
    return EXIT.ok;
  }
  terminal.out(made.token);
  const where = reachable(loadSettings(invocation).config.listen);
  terminal.err(
    `sallyport: token ${made.row.id} of profile ${made.row.profile}, ${until(made.row)}; it is not shown again. In a proxy URL: ${proxyUrl(where, 'any:TOKEN')}`,
  );
  return EXIT.ok;
}

const MAX_NOTE = 200;

function list({ json, terminal }: Call, tokens: Tokens): number {
  const nowMs = Date.now();
  const rows = tokens.list().map((row) => shown(row, nowMs));
  if (json) terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) terminal.out(`no token yet; ${terminal.self} token create makes one`);
  else terminal.out(columns(['id', 'profile', 'state', 'created', 'expires', 'lastUsed', 'note'], rows));
  return EXIT.ok;
}

function revoke({ args, json, terminal }: Call, tokens: Tokens): number {
  const valid = tokens.list().filter((row) => standingOf(row, Date.now()).state === 'valid');
  // A token that was typed in full has been seen by others now: all the more reason.
  const named = ((args.ids as string[] | undefined) ?? []).map((text) => parseToken(text)?.id ?? text);
  const ids = args.all === true ? valid.map(({ id }) => id) : named;
  if (named.length === 0 && args.all !== true)
    throw new CommandFailure(EXIT.usage, 'revoke which? token list shows their ids; --all takes every one');
  const revoked = ids.filter((id) => tokens.revoke(id));
  const missing = ids.filter((id) => !revoked.includes(id));
  if (json) terminal.out(JSON.stringify({ revoked, missing }));
  else if (revoked.length > 0 || missing.length === 0) terminal.out(`revoked: ${revoked.join(' ') || 'none was valid'}`);
  if (missing.length === 0) return EXIT.ok;
  throw new CommandFailure(
    EXIT.failed,
    `there is no token ${missing.map((id) => `«${id}»`).join(', ')}; ${terminal.self} token list shows them`,
  );
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

function until({ expiresAtMs }: TokenRow): string {
  return expiresAtMs === undefined ? 'without an end' : `valid until ${new Date(expiresAtMs).toISOString()}`;
}
