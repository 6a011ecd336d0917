// Phase 7 (arm): the user's key takes the place of what the client sent, in the same field at the same position. Last of all, so that
// no guardrail ever sees it. When in doubt the request leaves as it is: the failure is then a harmless 401.
// It must not know where keys are kept, and no Fault names more than the header.
import { Fault } from '../fault.ts';
import { allValues, listTokens, type RawHeaders, type RequestHead, withValue } from '../headers.ts';
import { membersAt } from './conversation/members.ts';
import { matchesHost } from './host-pattern.ts';
import { applyEdits, type Edit } from './masking/mask.ts';
import { matchesPattern } from './names.ts';
import { percentDecoded } from './percent-decode.ts';
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

/** Where keys are put in, and how a value is come by; `resolve` is asked only for a rule that acts, and rejects with the Fault that ends the exchange. */
export interface Injection {
  readonly route: Route;
  readonly head: RequestHead;
  readonly rules: readonly InjectRule[];
  readonly resolve: (rule: InjectRule) => Promise<string>;
  readonly facts: InjectFacts;
}

/**
 * The header fields with keys put in, or the array of `head` itself. A rule acts only if: its pattern names the route's host; TLS,
 * verified, the server name given, port 443; the head's own Host agrees; the method is not TRACE, and the rule's own methods and paths allow the
 * request; its header is there exactly once and is not named in
 * Connection (it would be dropped); and, with `replaces`, that placeholder occurs in the value exactly once. Then the placeholder
 * alone is replaced, without `replaces` the whole value. Should the key bring an auth scheme, the one before the placeholder gives
 * way: `Bearer PLACEHOLDER` and a key `Bearer …` never make `Bearer Bearer …`. Of several rules for one header the first that acts wins.
 * Rejects with Fault `key-missing` for a value that is no header value.
 */
export async function injectKeys(injection: Injection): Promise<RawHeaders> {
  const { head, resolve } = injection;
  let headers = head.headers;
  const injected: string[] = [];
  for (const rule of acting(injection)) {
    const { header } = rule;
    if (header === undefined || injected.includes(header) || listTokens(head.headers, 'connection').includes(header)) continue;
    // As received: what an earlier rule put in is never searched.
    const values = allValues(head.headers, header);
    if (values.length !== 1 || !isHeldBy(values[0]!, rule.replaces)) continue;
    const key = await valueFor(rule, resolve);
    headers = withValue(headers, header, rule.replaces === undefined ? key : swap(values[0]!, rule.replaces, key));
    injected.push(header);
  }
  return headers;
}

/** The target with keys put into its query under the same conditions, or that of `head` itself: a parameter that is a rule's placeholder becomes its key. */
export async function injectIntoTarget(injection: Injection): Promise<string> {
  const { head, resolve } = injection;
  const at = head.target.indexOf('?');
  const rules = at < 0 ? [] : acting(injection).filter(({ query }) => query !== undefined);
  if (rules.length === 0) return head.target;
  const parts = await Promise.all(
    head.target
      .slice(at + 1)
      .split('&')
      .map(async (part) => {
        const [name = '', value] = part.split(/=(.*)/s, 2);
        const rule = rules.find(
          (one) => one.query === percentDecoded(name) && value !== undefined && percentDecoded(value) === one.replaces,
        );
        return rule ? `${name}=${encodeURIComponent(await valueFor(rule, resolve))}` : part;
      }),
  );
  return head.target.slice(0, at + 1) + parts.join('&');
}

/** A JSON body with keys put into its strings under the same conditions, or `bytes` itself. */
export async function injectIntoBody(injection: Injection, bytes: Buffer): Promise<Buffer> {
  const rules = acting(injection).filter(({ json }) => json !== undefined);
  const edits: Edit[] = [];
  for (const rule of rules) {
    const held = membersAt(bytes, [rule.json!]).filter(({ value }) => value === rule.replaces);
    if (held.length === 0) continue;
    const text = Buffer.from(JSON.stringify(await valueFor(rule, injection.resolve))).toString('latin1');
    edits.push(...held.map(({ start, end }) => ({ start, end, text, kind: 'key' })));
  }
  return edits.length === 0
    ? bytes
    : applyEdits(
        bytes,
        edits.sort((a, b) => a.start - b.start),
      );
}

/** Rules that may act on this request at all, as `injectKeys` says. */
export function acting({ route, head, rules, facts }: Omit<Injection, 'resolve'>): readonly InjectRule[] {
  const safe = facts.tls && facts.verified && facts.named && facts.port === 443 && route.authority.port === 443;
  if (rules.length === 0 || !safe || !agrees(route.authority, head.authority) || head.method.toUpperCase() === 'TRACE') return [];
  const path = head.target.split('?', 1)[0]!;
  return rules.filter(
    ({ host, methods = [], paths = [] }) =>
      matchesHost(host, route.authority) &&
      (methods.length === 0 || methods.includes(head.method.toUpperCase())) &&
      // Who reads dots in a path may come out somewhere else.
      (paths.length === 0 || (!hasDots(path) && paths.some((pattern) => matchesPattern(pattern, path)))),
  );
}

function hasDots(path: string): boolean {
  return percentDecoded(path)
    .split(/[/\\]/)
    .some((step) => step === '..' || step === '.');
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
  if (key.trim() === '' || !isFieldValue(key)) throw new Fault('key-missing', placeOf(rule));
  return key;
}

/** In words. */
export function placeOf({ header, query, json = [], sigv4 }: InjectRule): string {
  if (sigv4) return 'signature';
  if (header !== undefined) return `header ${header}`;
  return query === undefined ? `body ${json.join('.')}` : `query ${query}`;
}
