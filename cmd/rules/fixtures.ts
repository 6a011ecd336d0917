// A file of fixtures (YAML, or JSON when its name ends so) to cases with the line of each.
// Must not know what the rules find.
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { parseAuthority } from '../../src/authority.ts';
import { didYouMean } from '../../src/nearest.ts';
import { KIND_ROWS, KINDS, type MaskAction } from '../../src/rules/masking/kinds.ts';

/** A value that has to be found. */
export interface Expected {
  /** A kind, or the rule whose pattern finds it. */
  readonly kind: string;
  readonly text: string;
  readonly action: MaskAction | undefined;
}

/** One case. What is undefined is not asked. */
export interface Fixture {
  readonly line: number;
  readonly name: string;
  /** The text, or the request as JSON text. */
  readonly text: string;
  readonly isRequest: boolean;
  readonly provider: string | undefined;
  /** Where it goes. */
  readonly host: string | undefined;
  /** All that is to be found, in any order. */
  readonly expect: readonly Expected[] | undefined;
  /** With `{TYPE}` for each placeholder. A document is compared as such. */
  readonly sent: unknown;
  /** The kind, rule or guardrail that refuses it, or `none`. */
  readonly blocked: string | undefined;
  readonly injection: 'injection' | 'benign' | undefined;
}

/** What fixtures may name besides kinds. */
export interface FixtureWords {
  readonly providers: readonly string[];
  /** Rules that have a pattern. */
  readonly patterns: readonly string[];
  /** Rules and guardrails. */
  readonly blockers: readonly string[];
}

/** A file that holds no fixtures. The message is `FILE:LINE: what to do`. */
export class FixtureError extends Error {}

const KEYS = ['name', 'text', 'request', 'provider', 'host', 'expect', 'sent', 'blocked', 'injection'];
const QUESTIONS = ['expect', 'sent', 'blocked', 'injection'];
const ACTIONS = ['mask', 'redact', 'warn', 'block', 'off'];

/** Throws FixtureError. */
export function parseFixtures(file: string, text: string, { providers, patterns, blockers }: FixtureWords): Fixture[] {
  const lines = new LineCounter();
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const fail = (node: unknown, line: string): never => {
    const offset = typeof node === 'number' ? node : ((node as Node | null)?.range?.[0] ?? 0);
    throw new FixtureError(`${file}:${lines.linePos(offset).line || 1}: ${line}`);
  };
  const doc = parseDocument(body, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    ...(file.endsWith('.json') && { schema: 'json' }),
  });
  const bad = doc.errors[0];
  if (bad) fail(bad.pos[0], `not valid: ${bad.message.split('\n')[0]}`);
  const root = doc.contents;
  if (!isSeq(root)) return fail(root, 'the file must be a list of cases, such as «- {text: write to bob@corp.example, expect: none}»');
  if (root.items.length === 0) fail(root, 'the list is empty: a file without cases tests nothing');
  return root.items.map((node, i) => {
    if (!isMap(node)) return fail(node, 'a case must be keys and values: name, text or request, expect');
    let members: Record<string, unknown>;
    try {
      members = node.toJS(doc, { maxAliasCount: 20 }) as Record<string, unknown>;
    } catch (thrown) {
      return fail(node, (thrown as Error).message.split('\n')[0]!);
    }
    const check = (key: string, isGood: boolean, wanted: string) => {
      if (!isGood) fail(node.get(key, true) ?? node, `${key} must be ${wanted}`);
    };
    for (const key of Object.keys(members)) if (!KEYS.includes(key)) fail(node, `unknown key «${key}»${didYouMean(key, KEYS)}`);
    const { name = `case ${i + 1}`, text: own, request, provider, host, expect, sent, blocked, injection } = members;
    check('name', typeof name === 'string' || typeof name === 'number', 'a text');
    if ((own === undefined) === (request === undefined)) fail(node, 'a case has either text or request');
    if (own !== undefined) check('text', typeof own === 'string', 'a text: put it in quotes');
    if (request !== undefined) check('request', isRequest(request), 'a JSON document, or one as text');
    check('provider', provider === undefined || providers.includes(String(provider)), `one of ${providers.join(', ')}`);
    if (provider !== undefined && request === undefined) fail(node, 'provider belongs to a request');
    check('host', host === undefined || isHost(host), 'the name of a host');
    if (!QUESTIONS.some((key) => members[key] !== undefined)) fail(node, `a case asks for something: ${QUESTIONS.join(', ')}`);
    const refusing = ['none', ...KINDS, ...blockers];
    check(
      'blocked',
      blocked === undefined || refusing.includes(String(blocked)),
      `none or a kind, a rule or a guardrail: ${refusing.join(', ')}`,
    );
    check('injection', injection === undefined || injection === 'injection' || injection === 'benign', 'injection or benign');
    if (sent !== undefined && own !== undefined) check('sent', typeof sent === 'string', 'a text');
    return {
      line: lines.linePos((node as Node).range![0]).line,
      name: String(name),
      text: (own as string | undefined) ?? (typeof request === 'string' ? request : JSON.stringify(request)),
      isRequest: request !== undefined,
      provider: provider as string | undefined,
      host: host as string | undefined,
      expect: expectedOf(expect, patterns, (line) => fail(node.get('expect', true) ?? node, line)),
      sent,
      blocked: blocked as string | undefined,
      injection: injection as Fixture['injection'],
    };
  });
}

function isHost(host: unknown): boolean {
  try {
    return parseAuthority(String(host), 443).host !== '';
  } catch {
    return false;
  }
}

function isRequest(request: unknown): boolean {
  if (typeof request !== 'string') return typeof request === 'object' && request !== null;
  try {
    return typeof JSON.parse(request) === 'object';
  } catch {
    return false;
  }
}

function expectedOf(expect: unknown, patterns: readonly string[], fail: (line: string) => never): Expected[] | undefined {
  if (expect === undefined) return undefined;
  if (expect === 'none') return [];
  if (!Array.isArray(expect)) return fail('expect must be none, or a list of {kind, text, action}');
  return expect.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) return fail('expect must be none, or a list of {kind, text, action}');
    const { kind, type, text, action, ...rest } = one as Readonly<Record<string, unknown>>;
    const [odd] = Object.keys(rest);
    if (odd !== undefined) fail(`unknown key «${odd}» in expect${didYouMean(odd, ['kind', 'type', 'text', 'action'])}`);
    const named = String(kind ?? type);
    const known = [...KINDS, ...patterns];
    const found = KINDS.find((own) => KIND_ROWS[own].type === named) ?? known.find((own) => own === named);
    if (found === undefined) return fail(`there is no kind «${named}»${didYouMean(named, known)}; there are ${known.join(', ')}`);
    if (typeof text !== 'string') return fail('text in expect must be the value that is found: put it in quotes');
    if (action !== undefined && !ACTIONS.includes(String(action)))
      fail(`action must be one of ${ACTIONS.join(', ')}${didYouMean(String(action), ACTIONS)}`);
    return { kind: found, text, action: action as MaskAction | undefined };
  });
}
