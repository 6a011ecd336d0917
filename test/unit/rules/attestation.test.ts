// Only the client's own value counts: text that merely looks like it must not switch masking off.
import { describe, expect, test } from 'vitest';
import type { RequestHead } from '../../../src/headers.ts';
import { attestsBilling, attestsSigV4, coversField } from '../../../src/rules/attestation.ts';
import { bedrock } from '../../../src/rules/providers/bedrock.ts';

const head = (...headers: string[]): RequestHead => ({ method: 'POST', target: '/v1/messages', headers, authority: 'api.anthropic.com' });
const billing = (text: string) => attestsBilling(head(), Buffer.from(text));
const BLOCK = 'x-anthropic-billing-header: cc_version=2.1.330.abc; cc_entrypoint=sdk-cli; cch=1a2b3; cc_turn_index=1;';
const system = [
  { type: 'text', text: BLOCK },
  { type: 'text', text: 'You are…', cache_control: { type: 'ephemeral' } },
];

describe('a billing block is seen', () => {
  test.each<[string, unknown]>([
    ['after the messages', { model: 'm', messages: [{ role: 'user', content: 'a "quoted" \\ word' }], system }],
    ['before the messages', { system, messages: [] }],
    ['behind other members of its block', { system: [{ cache_control: { type: 'text' }, type: 'text', text: BLOCK }] }],
    ['after empty strings', { a: '', b: [''], system: [{ type: '', text: BLOCK }] }],
    ['after a member whose value is «system»', { a: 'system', b: ['x'], system }],
  ])('%s', (_, body) => {
    expect(billing(JSON.stringify(body))).toBe('attested');
    expect(billing(JSON.stringify(body, undefined, 2))).toBe('attested');
  });

  test('in a view into a larger buffer', () => {
    const all = Buffer.from(`xxxx${JSON.stringify({ system })}yyyy`);
    expect(attestsBilling(head(), new Uint8Array(all.buffer, all.byteOffset + 4, all.length - 8))).toBe('attested');
  });
});

describe('it is not seen', () => {
  const last = { system: [{ type: 'text', text: 'You are…' }] };
  test.each<[string, unknown]>([
    ['where there is none', { system: [{ type: 'text', text: 'You are…' }] }],
    [
      'without a checksum (CLAUDE_CODE_ATTRIBUTION_HEADER=0)',
      { system: [{ type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' }], a: 'cch=1' },
    ],
    ['in the second block', { system: [system[1], system[0]] }],
    ['inside the text of the first block', { system: [{ type: 'text', text: `see "${BLOCK}"` }] }],
    ['in a message', { messages: [{ role: 'user', content: [{ type: 'text', text: BLOCK }] }], ...last }],
    ['in a tool call that rebuilds it', { messages: [{ content: [{ type: 'tool_use', input: { system } }] }], ...last }],
    ['in a member that only sounds alike', { systems: system, system2: system }],
    ['under another name in the first block', { system: [{ type: 'text', note: BLOCK }] }],
    ['one list deeper', { system: [system] }],
    ['in a root that is a list', [{ system }]],
    ['as a plain string', { system: BLOCK }],
    ['in an empty list', { system: [], other: BLOCK }],
    ['as a value after the word text', { system: [{ a: 'text', b: BLOCK }] }],
  ])('%s', (_, body) => {
    expect(billing(JSON.stringify(body))).toBeUndefined();
  });

  test.each([
    '',
    '{',
    '"x-anthropic-billing-header:',
    '{"system":[{"text":"x-anthropic-billing-header:',
    '{"system":[{"text":"x-anth\\',
    '["x-anthropic-billing-header: cch="',
  ])('in broken JSON such as %j', (text) => {
    expect(billing(text)).toBeUndefined();
  });
});

test('SigV4 is told by its scheme', () => {
  expect(attestsSigV4(head('Authorization', 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/bedrock/aws4_request'))).toBe(
    'signed',
  );
  expect(attestsSigV4(head('Authorization', 'Bearer bedrock-api-key'))).toBeUndefined();
  expect(attestsSigV4(head())).toBeUndefined();
});

test('a presigned request is signed by its query, which says what it covers', () => {
  const presigned = {
    ...head(),
    target: '/model/x/invoke?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host%3Bx-note&X-Amz-Signature=00',
  };
  expect(attestsSigV4(presigned)).toBe('signed');
  expect(attestsSigV4({ ...head(), target: '/model/x/invoke?note=X-Amz-Signature' })).toBeUndefined();
  expect(['host', 'x-note', 'date'].map((name) => coversField(presigned, name))).toEqual([true, true, false]);
});

test('Bedrock looks at both', () => {
  const body = Buffer.from(JSON.stringify({ system }));
  expect(bedrock.attests?.(head('authorization', 'AWS4-HMAC-SHA256 x'), body)).toBe('signed');
  expect(bedrock.attests?.(head('authorization', 'Bearer x'), body)).toBe('attested');
});

test('SigV4 says which fields it covers', () => {
  const signed = head('Authorization', 'AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host;X-Note;x-amz-date, Signature=0');
  expect(['host', 'x-note', 'x-amz', 'date'].map((name) => coversField(signed, name))).toEqual([true, true, false, false]);
  expect(coversField(head('Authorization', 'AWS4-HMAC-SHA256 Credential=x'), 'date')).toBe(true);
  expect(coversField(head(), 'date')).toBe(true);
});
