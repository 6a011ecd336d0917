// Phase 7 (arm), before any key is put in: a key of the vault leaves for no host but its own, and neither does what stands for one, whoever
// put it into the request. It must not know where keys are kept, and no Fault names more than the place.
import type { Authority } from '../authority.ts';
import { Fault } from '../fault.ts';
import type { RequestHead } from '../headers.ts';
import { membersAt } from './conversation/members.ts';
import { matchesHost } from './host-pattern.ts';
import { percentDecoded } from './percent-decode.ts';
import type { InjectRule } from './policy.ts';

/** A value that was put into the vault, and whether it may go somewhere. */
export interface Bound {
  readonly value: string;
  allows(authority: Authority): boolean;
}

/** Refuses a request that carries a key itself to a host that it is not for, in a field or in the target. Throws Fault `rule-denied`. */
export function carriesKey(head: RequestHead, keys: readonly Bound[], authority: Authority): void {
  const foreign = keys.filter((key) => !key.allows(authority)).map(({ value }) => value);
  if (foreign.length === 0) return;
  const refuse = (text: string, where: string): void => {
    if (foreign.some((value) => text.includes(value))) throw new Fault('rule-denied', `${where} carries a key for another host`);
  };
  refuse(head.target, 'the target');
  refuse(percentDecoded(head.target), 'the target');
  for (let i = 0; i < head.headers.length; i += 2) {
    const text = head.headers[i + 1]!;
    refuse(text, `the header ${head.headers[i]}`);
    const basic = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(text)?.[1];
    if (basic !== undefined) refuse(Buffer.from(basic, 'base64').toString(), `the header ${head.headers[i]}`);
  }
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
  refuseForeign(percentDecoded(head.target), known, 'the target');
  for (let i = 0; i < head.headers.length; i += 2) refuseForeign(head.headers[i + 1]!, known, `the header ${head.headers[i]}`);
}

/**
 * Refuses a body that holds a key itself for another host, or what stands for one in its very place: elsewhere it is a word like others, for
 * clients tell a model what they hold. Throws Fault `rule-denied`.
 */
export function bodyCarriesKey(bytes: Buffer, rules: readonly InjectRule[], keys: readonly Bound[], authority: Authority): void {
  if (keys.some((key) => !key.allows(authority) && bytes.includes(key.value)))
    throw new Fault('rule-denied', 'the body carries a key for another host');
  const own = rules.filter((rule) => matchesHost(rule.host, authority)).map(({ replaces }) => replaces);
  const foreign = rules.filter(({ json, replaces }) => json !== undefined && !own.includes(replaces));
  if (foreign.length === 0) return;
  for (const { path, value } of membersAt(
    bytes,
    foreign.map(({ json }) => json!),
  )) {
    if (foreign.some(({ json, replaces }) => value === replaces && json!.join('\n') === path.join('\n')))
      throw new Fault('rule-denied', `the body carries the placeholder of a key for another host at ${path.join('.')}`);
  }
}

function refuseForeign(text: string, known: readonly (readonly [placeholder: string, own: boolean])[], where: string): void {
  let rest = text;
  for (const [placeholder, own] of known) {
    if (!rest.includes(placeholder)) continue;
    if (!own) throw new Fault('rule-denied', `${where} carries the placeholder of a key for another host`);
    rest = rest.replaceAll(placeholder, '\n');
  }
}
