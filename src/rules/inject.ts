// Phase 7 (arm): the user's key takes the place of what the client sent, in the same field at the same position. Last of all, so that
// no guardrail ever sees it. When in doubt the request leaves as it is: the failure is then a harmless 401.
// It must not know where keys are kept, and no Fault names more than the header.
import type { Authority } from '../authority.ts';
import { Fault } from '../fault.ts';
import { allValues, listTokens, type RawHeaders, type RequestHead, withValue } from '../headers.ts';
import { matchesHost } from './host-pattern.ts';
import type { InjectRule } from './policy.ts';
import type { Route } from './provider.ts';
import { agrees } from './route.ts';
import { isFieldValue, parseTemplate, variablesOf } from './template.ts';

/** What is known of the way the request will take. */
export interface InjectFacts {
  /** It goes out over TLS. */
  readonly tls: boolean;
  /** The upstream's certificate was verified for the route's host. */
  readonly verified: boolean;
  /** The client's hello named the host too, where there was a hello to name it in. */
  readonly named: boolean;
  /** The port asked for (not the one `connect_to` dials). */
  readonly port: number;
}

/**
 * The header fields with keys put in, or the array of `head` itself. A rule acts only if: its pattern names the route's host; TLS,
 * verified, the server name given, port 443; the head's own Host agrees; the method is not TRACE; its header is there exactly once and is not named in
 * Connection (it would be dropped); and, with `replaces`, that placeholder occurs in the value exactly once. Then the placeholder
 * alone is replaced, without `replaces` the whole value. Should the key bring an auth scheme, the one before the placeholder gives
 * way: `Bearer PLACEHOLDER` and a key `Bearer …` never make `Bearer Bearer …`. Of several rules for one header the first that acts wins.
 * `resolve` gives the value of a rule, and is asked only for a rule that acts; it rejects with the Fault that ends the exchange.
 * Rejects with Fault `key-missing` for a value that is no header value.
 */
export async function injectKeys(
  route: Route,
  head: RequestHead,
  rules: readonly InjectRule[],
  resolve: (rule: InjectRule) => Promise<string>,
  facts: InjectFacts,
): Promise<RawHeaders> {
  let headers = head.headers;
  const safe = facts.tls && facts.verified && facts.named && facts.port === 443 && route.authority.port === 443;
  if (rules.length === 0 || !safe || !agrees(route.authority, head.authority) || head.method.toUpperCase() === 'TRACE') return headers;
  const injected: string[] = [];
  const dropped = listTokens(head.headers, 'connection');
  for (const rule of rules) {
    if (injected.includes(rule.header) || dropped.includes(rule.header) || !matchesHost(rule.host, route.authority)) continue;
    // As received: what an earlier rule put in is never searched.
    const values = allValues(head.headers, rule.header);
    if (values.length !== 1 || !isHeldBy(values[0]!, rule.replaces)) continue;
    const key = await valueFor(rule, resolve);
    headers = withValue(headers, rule.header, rule.replaces === undefined ? key : swap(values[0]!, rule.replaces, key));
    injected.push(rule.header);
  }
  return headers;
}

/**
 * The environment variables that keys are taken from, each with what a client may hold in its place: the placeholder of the rule, so that
 * a CLI which looks for its key under that name sends what is replaced; a word of ours where there is none or several make up one key.
 */
export function standIns(rules: readonly InjectRule[]): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const { value, replaces } of rules) {
    const template = parseTemplate(value);
    for (const name of variablesOf(template))
      out[name] ??= (template.references.length === 1 ? replaces : undefined) ?? 'sallyport-placeholder';
  }
  return out;
}

/**
 * Refuses a request that carries the placeholder of a rule for another host, in a header value or in the target (also percent-encoded):
 * it was sent where its key does not belong. Throws Fault `rule-denied`, which names the header at most.
 * A placeholder that a rule for this host has too may pass.
 */
export function carriesPlaceholder(head: RequestHead, rules: readonly InjectRule[], authority: Authority): void {
  const own = new Map<string, boolean>();
  for (const { replaces, host } of rules) {
    if (replaces !== undefined) own.set(replaces, own.get(replaces) === true || matchesHost(host, authority));
  }
  if (![...own.values()].includes(false)) return;
  // The longest first: one placeholder may be the beginning of another.
  const known = [...own].sort(([a], [b]) => b.length - a.length);
  refuseForeign(head.target, known, 'the target');
  refuseForeign(decoded(head.target), known, 'the target');
  for (let i = 0; i < head.headers.length; i += 2) refuseForeign(head.headers[i + 1]!, known, `the header ${head.headers[i]}`);
}

function refuseForeign(text: string, known: readonly (readonly [placeholder: string, own: boolean])[], where: string): void {
  let rest = text;
  for (const [placeholder, own] of known) {
    if (!rest.includes(placeholder)) continue;
    if (!own) throw new Fault('rule-denied', `${where} carries the placeholder of a key for another host`);
    rest = rest.replaceAll(placeholder, '\n');
  }
}

/** Credentials are a scheme and a token (RFC 9110 11.4); schemes ignore case, and the client's spelling stays. */
function swap(value: string, placeholder: string, key: string): string {
  const at = value.indexOf(placeholder);
  const before = value.slice(0, at);
  const after = value.slice(at + placeholder.length);
  const theirs = /^([A-Za-z]+) +$/.exec(before)?.[1];
  const ours = /^([A-Za-z]+) +(?=\S)/.exec(key);
  if (theirs === undefined || !ours) return before + key + after;
  return (theirs.toLowerCase() === ours[1]!.toLowerCase() ? before + key.slice(ours[0].length) : key) + after;
}

function isHeldBy(value: string, placeholder: string | undefined): boolean {
  if (placeholder === undefined) return true;
  const at = value.indexOf(placeholder);
  return at >= 0 && value.indexOf(placeholder, at + 1) < 0;
}

async function valueFor(rule: InjectRule, resolve: (rule: InjectRule) => Promise<string>): Promise<string> {
  const key = await resolve(rule);
  if (key.trim() === '' || !isFieldValue(key)) throw new Fault('key-missing', `header ${rule.header}`);
  return key;
}

function decoded(target: string): string {
  return target.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
