// What the options of `vault set` say a credential is, with what vendors' keys have in common where they say nothing.
// Must not see a value.
import { randomBytes } from 'node:crypto';
import { parseAuthority } from '../../src/authority.ts';
import { Fault } from '../../src/fault.ts';
import { parseReference } from '../../src/proxy/references/kinds.ts';
import { type Credential, isCredentialName, type Slot } from '../../src/rules/credential.ts';
import { matchesHost, parseHostPattern } from '../../src/rules/host-pattern.ts';
import { awsStandIn, shapeFor, standInFor } from '../../src/rules/key-shapes.ts';
import { PROVIDERS } from '../../src/rules/policy.ts';
import type { Call } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { usage } from '../failure.ts';
import { parseNote } from '../note.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RANDOM_BYTES = 256;

/** The credential. Throws CommandFailure (usage) that says what to type. */
export function credentialFrom(name: string, { args }: Pick<Call, 'args'>): Credential {
  if (!isCredentialName(name)) throw usage('a name has lower-case letters, digits, dots, hyphens and underscores, 64 at most');
  const hosts = list(args.host).map(hostOf);
  if (hosts.length === 0) throw usage('which host is it for? Give --host, such as --host api.openai.com');
  const reference = text(args.reference);
  if (reference !== undefined) checkReference(reference);
  const isPair = args.sigv4 === true;
  const variable = text(args.variable) ?? (isPair ? 'AWS_ACCESS_KEY_ID' : shapeFor(hosts)?.variable) ?? '';
  if (variable !== '' && !VARIABLE.test(variable)) throw usage('--variable takes the name of an environment variable');
  const note = parseNote(args.note);
  const expires = text(args.expires);
  const random = randomBytes(RANDOM_BYTES);
  const lifeMs = expires === undefined ? undefined : parseDuration(expires, 'expires');
  return {
    name,
    hosts,
    slots: slotsFrom(args, hosts),
    methods: list(args.method).map(methodOf),
    paths: list(args.path).map(pathOf),
    placeholder: text(args.placeholder) ?? (isPair ? awsStandIn(random) : standInFor(hosts, random)),
    variable,
    expiresAtMs: lifeMs === undefined ? undefined : Date.now() + lifeMs,
    reference,
    note,
  };
}

/** Throws CommandFailure (usage) for what is no reference. */
export function checkReference(reference: string): void {
  try {
    if (parseReference(reference).kind.name === 'credential') throw usage('a credential is kept under no other credential');
  } catch (thrown) {
    throw thrown instanceof Fault ? usage(`--reference: ${thrown.detail ?? thrown.message}`) : thrown;
  }
}

function slotsFrom(args: Call['args'], hosts: readonly string[]): readonly Slot[] {
  const [header, query, json] = [text(args.header), text(args.query), text(args['json-path'])];
  const isPair = args.sigv4 === true;
  if ([header, query, json, isPair || undefined].filter((one) => one !== undefined).length > 1)
    throw usage('a key has one place: --header, --query, --json-path or --sigv4');
  if (isPair) return [{ kind: 'sigv4' }];
  if (header !== undefined) {
    if (!TOKEN.test(header)) throw usage(`--header: «${header}» is no name of a header`);
    return [{ kind: 'header', name: header.toLowerCase() }];
  }
  if (query !== undefined) return [{ kind: 'query', name: query }];
  if (json !== undefined) return [{ kind: 'json', path: json.split('.') }];
  // Where the vendor's clients have it.
  const providers = PROVIDERS.filter((one) =>
    one.hosts.some((pattern) => hosts.some((host) => pattern === host || matches(pattern, host))),
  );
  const slots = providers.flatMap(({ auth }) => auth).map(({ header: name, query: part }) => slotOf(name, part));
  return slots.length > 0 ? slots : [{ kind: 'header', name: 'authorization' }];
}

function slotOf(header: string | undefined, query: string | undefined): Slot {
  return header === undefined ? { kind: 'query', name: query! } : { kind: 'header', name: header };
}

function matches(pattern: string, host: string): boolean {
  return !host.includes('*') && matchesHost(pattern, parseAuthority(host, 443));
}

function hostOf(given: string): string {
  let pattern: string;
  try {
    pattern = parseHostPattern(given);
  } catch (thrown) {
    throw usage(`--host: ${thrown instanceof Fault ? (thrown.detail ?? thrown.message) : 'not a host'}`);
  }
  if (pattern === '*') throw usage('--host: a key for every host (*) is not allowed, name the host');
  return pattern;
}

function methodOf(given: string): string {
  if (!TOKEN.test(given)) throw usage(`--method: «${given}» is no method`);
  return given.toUpperCase();
}

function pathOf(given: string): string {
  if (!given.startsWith('/')) throw usage(`--path: «${given}» does not begin with /, as in --path '/v1/*'`);
  return given;
}

function text(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined;
}

function list(given: unknown): readonly string[] {
  return Array.isArray(given) ? given.map(String) : given === undefined ? [] : [String(given)];
}
