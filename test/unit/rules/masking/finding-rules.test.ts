import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { email } from '../../../../src/rules/detectors/email.ts';
import { github } from '../../../../src/rules/detectors/github.ts';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { compileFindingRules, type FindingRule, NO_RULES } from '../../../../src/rules/masking/finding-rules.ts';
import { openKnownValues } from '../../../../src/rules/masking/known-values.ts';
import { applyEdits, createMasker } from '../../../../src/rules/masking/mask.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const HERE = parseAuthority('api.example.com', 443);
const TOKEN = ['ghp', 'Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5'].join('_');

function setUp(rules: readonly FindingRule[], values: readonly string[] = []) {
  const placeholders = testPlaceholders();
  const known = openKnownValues();
  known.set('test', values);
  const masker = createMasker({
    placeholders,
    actions: { email: 'mask', secrets: 'mask' },
    rules: compileFindingRules(rules)(HERE, 'generic'),
    known: known.current,
  });
  const text = (own: string) => applyEdits(Buffer.from(own), masker.text(Buffer.from(own)).edits).toString();
  const json = (own: unknown) =>
    JSON.parse(applyEdits(Buffer.from(JSON.stringify(own)), masker.json(Buffer.from(JSON.stringify(own)), opaque).edits).toString());
  const P = (word: string, value: string) => placeholders.placeholderFor(word, value);
  return { masker, text, json, P };
}

describe('rules about findings', () => {
  it('the first that matches decides, before the action of the kind', () => {
    const { decide } = compileFindingRules([
      { id: 'one', detectors: ['github'], action: 'warn' },
      { id: 'two', kinds: ['secrets'], action: 'block' },
      { id: 'three', kinds: ['secrets'], action: 'off' },
    ])(HERE, 'x');
    expect(decide(github, {})).toEqual({ action: 'warn', rule: 'one' });
    expect(decide({ ...github, name: 'other' }, {})).toEqual({ action: 'block', rule: 'two' });
    expect(decide(email, { email: 'warn' })).toEqual({ action: 'warn', rule: undefined });
    expect(decide(email, {})).toEqual({ action: 'mask', rule: undefined });
    expect(NO_RULES.rules).toEqual([]);
  });

  it('hold for hosts and providers, and are one object where the same ones hold', () => {
    const rulesFor = compileFindingRules([
      { id: 'host', hosts: ['*.example.com'], action: 'off' },
      { id: 'provider', providers: ['openai'], action: 'off' },
    ]);
    const ids = (name: string, provider: string) => rulesFor(parseAuthority(name, 443), provider).rules.map(({ id }) => id);
    expect(ids('api.example.com', 'openai')).toEqual(['host', 'provider']);
    expect(ids('api.example.org', 'openai')).toEqual(['provider']);
    expect(ids('api.example.org', 'xai')).toEqual([]);
    expect(rulesFor(HERE, 'xai')).toBe(rulesFor(parseAuthority('b.example.com', 443), 'mistral'));
  });

  it('are told with each finding, for whoever explains it', () => {
    const { masker } = setUp([
      { id: 'ticket', pattern: 'ACME-\\d+', action: 'off' },
      { id: 'tokens', detectors: ['github'], action: 'block' },
    ]);
    const found = masker.findings(`é ACME-1 ${TOKEN} a.b@example.org`);
    expect(found.map(({ start, detector, action, rule }) => [start, detector.name, action, rule])).toEqual([
      [2, 'ticket', 'off', 'ticket'],
      [9, 'github', 'block', 'tokens'],
      [50, 'email', 'mask', undefined],
    ]);
  });

  it('switch one detector off or one value kind on', () => {
    const { text, P } = setUp([
      { id: 'a', detectors: ['github'], action: 'off' },
      { id: 'b', kinds: ['mac_address'], action: 'redact' },
    ]);
    expect(text(`t ${TOKEN} to bob@example.test`)).toBe(`t ${TOKEN} to ${P('EMAIL', 'bob@example.test')}`);
    expect(text('mac 00:1B:44:11:3A:B7 here')).toBe('mac [MAC_REDACTED] here');
  });

  it('a pattern is a kind of its own, in text and in strings however they are escaped', () => {
    const { masker, text, json, P } = setUp([{ id: 'ticket', pattern: 'ACME-\\d+( é)?', word: 'TICKET', action: 'mask' }]);
    const at = P('TICKET', 'ACME-77');
    expect(text('é ACME-77 x ACME-78')).toBe(`é ${at} x ${P('TICKET', 'ACME-78')}`);
    expect(text('é ACME-77 é x')).toBe(`é ${P('TICKET', 'ACME-77 é')} x`);
    expect(json({ a: 'see ACME-77', b: JSON.stringify({ c: 'ACME-77' }) })).toEqual({ a: `see ${at}`, b: JSON.stringify({ c: at }) });
    expect(masker.json(Buffer.from('{"a":"\\u0041CME-77"}'), anthropic).counts).toEqual({ ticket: 1 });
    expect(masker.text(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(' ACME-77')])).edits).toEqual([
      { start: 3, end: 10, text: at, kind: 'ticket' },
    ]);
    expect(masker.value('é ACME-77').text).toBe(`é ${at}`);
    expect(masker.value('ACME-77').text).toBe(at);
    expect(text('nothing')).toBe('nothing');
    expect(masker.holds).toBe(true);
    expect(masker.stream().push(Buffer.from('x ACME-77 y'))).toEqual([{ kind: 'ticket', start: 2, end: 9 }]);
  });

  it('a pattern never reaches over a quotation mark, and two patterns never overlap', () => {
    const { json, text, P } = setUp([
      { id: 'all', pattern: 'x[^z]*z', action: 'redact' },
      { id: 'part', pattern: 'yz?', word: 'PART', action: 'mask' },
    ]);
    expect(json({ a: 'x', b: 'z', c: '' })).toEqual({ a: 'x', b: 'z', c: '' });
    expect(text('a x y z y')).toBe(`a [CUSTOM_REDACTED] ${P('PART', 'y')}`);
  });

  it('what lies within a finding of a pattern is named by it: so a value can be let go', () => {
    const { text, P } = setUp([
      { id: 'test-tokens', pattern: 'ghp_Q7w9\\w+', action: 'off' },
      { id: 'half', pattern: 'is bob@exa', word: 'HALF', action: 'mask' },
    ]);
    expect(text(`t ${TOKEN}`)).toBe(`t ${TOKEN}`);
    expect(text('this is bob@example.test')).toBe(`this ${P('HALF', 'is ')}${P('EMAIL', 'bob@example.test')}`);
    expect(setUp([{ id: 'x', pattern: 'vault-\\w+', action: 'off' }], ['vault-value']).text('a vault-value')).not.toContain('vault-value');
  });

  it('block with the rule, never with the text', () => {
    const { masker } = setUp([
      { id: 'no-tickets', pattern: 'ACME-\\d+', action: 'block' },
      { id: 'watch', kinds: ['email'], action: 'warn' },
    ]);
    expect(masker.text(Buffer.from('ACME-77 bob@example.test'))).toEqual({
      edits: [],
      counts: { 'no-tickets': 1, email: 1 },
      blocked: 'no-tickets (rule no-tickets)',
      byRule: { 'no-tickets': 1, watch: 1 },
    });
    expect(masker.value('ACME-77, ACME-78').byRule).toEqual({ 'no-tickets': 2 });
    expect(masker.text(Buffer.from(TOKEN)).byRule).toBeUndefined();
    const off = setUp([{ id: 'none', action: 'off' }]).masker;
    expect(off.holds).toBe(false);
    expect(off.text(Buffer.from(`bob@example.test ${TOKEN}`)).counts).toEqual({});
  });

  it('a pattern that is none is an error', () => {
    expect(() => compileFindingRules([{ id: 'x', pattern: '(', action: 'mask' }])).toThrow(/not a pattern/);
    const { patterns } = compileFindingRules([{ id: 'x', pattern: 'x', action: 'mask' }])(HERE, '');
    expect(patterns[0]!.detector.find('x', 0)).toBeUndefined();
  });
});

describe('rules of a profile', () => {
  const rules: readonly FindingRule[] = [
    { id: 'always', kinds: ['email'], action: 'block' },
    { id: 'some', kinds: ['email'], action: 'warn', idle: true },
  ];
  const decision = (profile: readonly string[]) => compileFindingRules(rules)(HERE, 'x', profile).decide(email, {});

  it('are those of everybody, with what it adds and without what it does without', () => {
    expect(decision([])).toEqual({ action: 'block', rule: 'always' });
    expect(decision(['+some'])).toEqual({ action: 'block', rule: 'always' });
    expect(decision(['-always'])).toEqual({ action: 'mask', rule: undefined });
    expect(decision(['-always', '+some'])).toEqual({ action: 'warn', rule: 'some' });
    expect(decision(['-gone'])).toEqual({ action: 'block', rule: 'always' });
  });

  it('that are not there keep everything from leaving', () => {
    expect(() => decision(['+gone'])).toThrow('the profile adds the rule gone, which there is not');
  });
});
