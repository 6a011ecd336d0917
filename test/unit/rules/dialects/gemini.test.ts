// The generateContent dialect against bodies and chunks as gemini-cli sends and gets them, with a key and through Code Assist.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { gemini } from '../../../../src/rules/dialects/gemini.ts';
import { deltas, joinPieces, sortStrings } from '../../../support/opaque-strings.ts';

const inner = {
  systemInstruction: { role: 'user', parts: [{ text: 'Be brief.' }] },
  contents: [
    { role: 'user', parts: [{ text: 'look' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] },
    {
      role: 'model',
      parts: [
        { thought: true, text: 'a thought' },
        {
          functionCall: { id: 'call_1', name: 'run', args: { command: 'cat', id: 'of the tool', data: 'of the tool' } },
          thoughtSignature: 'sig',
        },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'call_1', name: 'run', response: { output: 'KEY=value', id: 'of the tool', type: 'of the tool' } } },
      ],
    },
  ],
  tools: [{ functionDeclarations: [{ name: 'run', description: 'Runs', parameters: { type: 'OBJECT' } }] }],
  labels: { model: 'of the user' },
};
const scanned = [
  'Be brief.',
  'look',
  'a thought',
  'run',
  'cat',
  'of the tool',
  'of the tool',
  'run',
  'KEY=value',
  'of the tool',
  'of the tool',
  'run',
  'Runs',
  'of the user',
];

describe('places', () => {
  test('of protocol, signatures and media are opaque, everything else is scanned', () => {
    expect(sortStrings(gemini, inner).scanned).toEqual(scanned);
  });

  test('are the same inside the wrapper of Code Assist', () => {
    expect(
      sortStrings(gemini, { model: 'gemini-2.5-pro', project: 'p', user_prompt_id: 'u', request: { ...inner, session_id: 's' } }).scanned,
    ).toEqual(['p', ...scanned]);
    const reply = {
      response: { candidates: [{ content: { parts: [{ text: 'hi', thoughtSignature: 'sig' }] } }], responseId: 'r' },
      traceId: 't',
    };
    expect(sortStrings(gemini, reply).scanned).toEqual(['hi']);
  });
});

const chunk = (parts: object[], finishReason?: string, index?: number) => ({
  candidates: [{ content: { role: 'model', parts }, ...(index !== undefined && { index }), ...(finishReason && { finishReason }) }],
  usageMetadata: { totalTokenCount: 3 },
});

describe.each([
  ['plain', (c: unknown) => c],
  ['wrapped', (c: unknown) => ({ response: c, traceId: 't' })],
])('a %s stream', (_, wrap) => {
  test('keeps thought and answer apart, and the last chunk holds a last piece', () => {
    const events = [
      ...deltas('thinking hard').map((text) => chunk([{ text, thought: true }])),
      ...deltas('An answer in ').map((text) => chunk([{ text }])),
      chunk([{ functionCall: { name: 'run', args: { a: 'whole' } } }]),
      chunk([{ text: 'pie' }, { text: 'ces.' }], 'STOP'),
    ].map(wrap);
    expect(joinPieces(gemini, events)).toEqual([
      { text: 'An answer in pieces.', nesting: 'answer' },
      { text: 'thinking hard', nesting: 'text' },
    ]);
  });

  test('that fails ends all', () => {
    expect(gemini.ends(wrap({ error: { code: 503 } }))).toBe('all');
  });
});

test('candidates are apart', () => {
  expect(gemini.pieces(chunk([{ text: 'x' }], undefined, 1))[0]?.channel).toBe('1:text');
  expect(gemini.ends(chunk([], 'STOP', 1))).toEqual(['1:text', '1:thought']);
  expect(gemini.ends(chunk([], 'STOP'))).toEqual(['0:text', '0:thought']);
});

test('a JSON array of chunks (no alt=sse) is one text', () => {
  const list = [chunk([{ text: 'one ' }]), null, { response: chunk([{ text: 'text' }]) }];
  expect(gemini.pieces(list).map((p) => p.path.slice(0, 2))).toEqual([
    [0, 'candidates'],
    [2, 'response'],
  ]);
  expect(joinPieces(gemini, [list])).toEqual([{ text: 'one text', nesting: 'answer' }]);
});

test.each([
  null,
  'x',
  {},
  { candidates: 'x' },
  { candidates: [null, {}, { content: { parts: [null, { text: 7 }] } }] },
  { response: null },
])('%j has no pieces and ends nothing', (event) => {
  expect(gemini.pieces(event)).toEqual([]);
  expect(gemini.ends(event)).toEqual([]);
});

test.each([
  ['rule-denied', 403, 'PERMISSION_DENIED'],
  ['bad-request', 400, 'INVALID_ARGUMENT'],
  ['upstream-untrusted', 502, 'UNAVAILABLE'],
  ['upstream-silent', 504, 'DEADLINE_EXCEEDED'],
  ['internal', 500, 'INTERNAL'],
] as const)('the error %s is %i %s', (code, status, word) => {
  const { error } = JSON.parse(gemini.errorBody(new Fault(code), 'x-1').body);
  expect(error).toEqual({ code: status, status: word, message: expect.stringMatching(`^Sallyport: .* \\[${code}, exchange x-1\\]$`) });
});

test('a fault that says when to try again says it where Google does', () => {
  const { error } = JSON.parse(gemini.errorBody(new Fault('over-budget', undefined, { retryAfterMs: 61_001 }), 'x-1').body);
  expect(error).toMatchObject({
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '62s' }],
  });
});
