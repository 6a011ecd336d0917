// A reply is restored the same however it is cut: into bytes, into events, into messages. Framing and all that is not a placeholder stay.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import type { Placeholders } from '../../../../src/rules/masking/placeholders.ts';
import { createMessageRestorer, createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import type { Dialect } from '../../../../src/rules/provider.ts';
import { cut, testPlaceholders } from '../../../support/masking.ts';

const VALUES = ['bob@example.test', 'aB3+/=', '-----BEGIN PRIVATE KEY-----\nabc"\\x\n-----END PRIVATE KEY-----', 'joão@exämple.de'];

interface Part {
  readonly sent: (placeholders: Placeholders) => string;
  readonly meant: string;
}

const plain = fc
  .oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.constantFrom('s', 'S', 'SP', 'sp_', 'SP_EMAIL_', 'SP_EMAIL_ABCDEFGHIJK', '"', '\\n', '\\', '\n', '\r\n', 'yes '),
  )
  .map((text): Part => ({ sent: () => text, meant: text }));
const standing = fc.tuple(fc.constantFrom(...VALUES), fc.boolean()).map(
  ([value, lower]): Part => ({
    sent: (placeholders) => {
      const text = placeholders.placeholderFor('EMAIL', value);
      return lower ? text.toLowerCase() : text;
    },
    meant: value,
  }),
);
const parts = fc.array(fc.oneof(plain, standing), { maxLength: 8 });
const sentOf = (list: readonly Part[], placeholders: Placeholders) => list.map((part) => part.sent(placeholders)).join('');
const meantOf = (list: readonly Part[]) => list.map((part) => part.meant).join('');

const cuts = fc.array(fc.nat(100_000), { maxLength: 30 });
const pieceSizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

/** Cut into pieces as providers cut: by characters, never inside one. */
function piecesOf(text: string, sizes: readonly number[]): string[] {
  const chars = [...text];
  const out: string[] = [];
  for (let i = 0; i < chars.length; ) {
    const size = sizes[out.length % sizes.length]!;
    out.push(chars.slice(i, i + size).join(''));
    i += size;
  }
  return out;
}

interface Speech {
  readonly dialect: Dialect;
  /** The events of a reply with a text and the JSON of a tool call, in pieces. */
  readonly events: (text: string, json: string, sizes: readonly number[]) => unknown[];
  /** What a client understands. */
  readonly heard: (events: readonly unknown[]) => { readonly text: string; readonly json: string; readonly whole: unknown };
}

// biome-ignore lint/suspicious/noExplicitAny: events are read as the CLIs read them
type Loose = any;

const SPEECHES: Record<string, Speech> = {
  anthropic: {
    dialect: anthropic,
    events: (text, json, sizes) => [
      { type: 'message_start', message: { id: 'msg_s', content: [] } },
      ...piecesOf(text, sizes).map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } })),
      { type: 'ping' },
      { type: 'content_block_stop', index: 0 },
      ...piecesOf(json, sizes).map((piece) => ({
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: piece },
      })),
      { type: 'content_block_stop', index: 1 },
      { type: 'message_stop' },
    ],
    heard: (events) => {
      const deltas = (events as Loose[]).filter((event) => event.type === 'content_block_delta');
      return {
        text: deltas.map((e) => e.delta.text ?? '').join(''),
        json: deltas.map((e) => e.delta.partial_json ?? '').join(''),
        whole: null,
      };
    },
  },
  responses: {
    dialect: responses,
    events: (text, json, sizes) => [
      { type: 'response.created', response: { id: 'resp_s' } },
      ...piecesOf(text, sizes).map((delta) => ({
        type: 'response.output_text.delta',
        item_id: 'm',
        output_index: 0,
        content_index: 0,
        delta,
      })),
      { type: 'response.output_text.done', item_id: 'm', output_index: 0, content_index: 0, text },
      ...piecesOf(json, sizes).map((delta) => ({ type: 'response.function_call_arguments.delta', item_id: 'f', output_index: 1, delta })),
      { type: 'response.function_call_arguments.done', item_id: 'f', output_index: 1, arguments: json },
      { type: 'response.output_item.done', output_index: 1, item: { type: 'function_call', name: 'run', arguments: json } },
      {
        type: 'response.completed',
        response: {
          output: [
            { type: 'message', content: [{ type: 'output_text', text }] },
            { type: 'function_call', arguments: json },
          ],
        },
      },
    ],
    heard: (events) => {
      const of = (type: string) => (events as Loose[]).filter((event) => event.type === type);
      return {
        text: of('response.output_text.delta')
          .map((e) => e.delta)
          .join(''),
        json: of('response.function_call_arguments.delta')
          .map((e) => e.delta)
          .join(''),
        whole: events.filter((event: Loose) => !event.type.endsWith('.delta')),
      };
    },
  },
  chat: {
    dialect: chat,
    events: (text, json, sizes) => [
      ...piecesOf(text, sizes).map((content) => ({ choices: [{ index: 0, delta: { content } }] })),
      ...piecesOf(json, sizes).map((piece) => ({
        choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }],
      })),
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { total_tokens: 3 } },
    ],
    heard: (events) => {
      const deltas = (events as Loose[]).flatMap((event) => event.choices.map((choice: Loose) => choice.delta));
      return {
        text: deltas.map((delta) => delta.content ?? '').join(''),
        json: deltas.map((delta) => delta.tool_calls?.[0].function.arguments ?? '').join(''),
        whole: null,
      };
    },
  },
};

function stream(events: readonly unknown[], newline: string): Buffer {
  const lines = events.map((event, i) =>
    [`id: ${i}`, ...(i % 3 === 0 ? [': comment'] : []), 'event: e', `data: ${JSON.stringify(event)}`, '', ''].join(newline),
  );
  return Buffer.from(`\uFEFF${lines.join('')}data: [DONE]${newline}${newline}`);
}

function eventsOf(bytes: Buffer): unknown[] {
  return bytes
    .toString()
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice(6)));
}

function restoreStream(kind: 'sse' | 'json' | 'text', dialect: Dialect, placeholders: Placeholders, chunks: readonly Buffer[]): Buffer {
  const restorer = createReplyRestorer(kind, dialect, placeholders);
  return Buffer.concat([...chunks.map((chunk) => restorer.push(chunk)), restorer.end()]);
}

const toolJson = (list: readonly Part[], write: (list: readonly Part[]) => string) =>
  JSON.stringify({ cmd: write(list), n: [1, { path: write(list) }] });

describe.each(Object.entries(SPEECHES))('a %s stream', (_name, { dialect, events, heard }) => {
  it('is restored alike for every cutting into bytes and into events', () => {
    fc.assert(
      fc.property(parts, parts, pieceSizes, cuts, fc.constantFrom('\n', '\r\n', '\r'), (text, tool, sizes, places, newline) => {
        const placeholders = testPlaceholders();
        const sent = events(
          sentOf(text, placeholders),
          toolJson(tool, (list) => sentOf(list, placeholders)),
          sizes,
        );
        const meant = events(meantOf(text), toolJson(tool, meantOf), [1000]);
        const bytes = stream(sent, newline);
        const whole = restoreStream('sse', dialect, placeholders, [bytes]);
        expect(restoreStream('sse', dialect, placeholders, cut(bytes, places)).equals(whole)).toBe(true);
        expect(
          restoreStream(
            'sse',
            dialect,
            placeholders,
            [...bytes].map((byte) => Buffer.from([byte])),
          ).equals(whole),
        ).toBe(true);
        expect(heard(eventsOf(whole))).toEqual(heard(meant));
        if (placeholders.size === 0) expect(whole.equals(bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('says the same over a WebSocket', () => {
    fc.assert(
      fc.property(parts, parts, pieceSizes, (text, tool, sizes) => {
        const placeholders = testPlaceholders();
        const restorer = createMessageRestorer(dialect, placeholders);
        const sent = events(
          sentOf(text, placeholders),
          toolJson(tool, (list) => sentOf(list, placeholders)),
          sizes,
        );
        const got = sent.flatMap((event) => {
          const payload = Buffer.from(JSON.stringify(event));
          const out = restorer.message(payload) ?? payload;
          return Array.isArray(out) ? out : [out];
        });
        const meant = events(meantOf(text), toolJson(tool, meantOf), [1000]);
        expect(heard(got.map((payload) => JSON.parse(payload.toString())))).toEqual(heard(meant));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps every line that is not data', () => {
    fc.assert(
      fc.property(parts, pieceSizes, (text, sizes) => {
        const placeholders = testPlaceholders();
        const bytes = stream(events(sentOf(text, placeholders), '{}', sizes), '\n');
        const lines = (from: Buffer) => [
          ...new Set(
            from
              .toString()
              .split('\n')
              .filter((line) => !line.startsWith('data: {')),
          ),
        ];
        expect(lines(restoreStream('sse', dialect, placeholders, [bytes]))).toEqual(lines(bytes));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a JSON document', () => {
  it('is restored alike for every cutting, and parses', () => {
    const names = fc.constantFrom('text', 'type', 'content', 'signature');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(names, parts), { maxLength: 5 }),
        parts,
        cuts,
        fc.constantFrom(undefined, 1),
        (members, tool, places, space) => {
          const placeholders = testPlaceholders();
          const write = (turn: (list: readonly Part[]) => string) => ({
            list: members.map(([name, list]) => ({ [name]: name === 'signature' ? sentOf(list, placeholders) : turn(list) })),
            call: { arguments: toolJson(tool, turn) },
          });
          const bytes = Buffer.from(
            JSON.stringify(
              write((list) => sentOf(list, placeholders)),
              undefined,
              space,
            ),
          );
          const whole = restoreStream('json', responses, placeholders, [bytes]);
          expect(restoreStream('json', responses, placeholders, cut(bytes, places)).equals(whole)).toBe(true);
          expect(
            restoreStream(
              'json',
              responses,
              placeholders,
              [...bytes].map((byte) => Buffer.from([byte])),
            ).equals(whole),
          ).toBe(true);
          // A member called `type` decides about its neighbours, and is itself protocol.
          const expected = write(meantOf);
          for (const [i, [name, list]] of members.entries()) if (name === 'type') expected.list[i] = { type: sentOf(list, placeholders) };
          expect(JSON.parse(whole.toString())).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a text', () => {
  it('is restored alike for every cutting', () => {
    fc.assert(
      fc.property(parts, cuts, (list, places) => {
        const placeholders = testPlaceholders();
        // What begins like JSON is restored as a document, with escapes.
        fc.pre(!/^\s*[{[]/.test(sentOf(list, placeholders)));
        const bytes = Buffer.from(sentOf(list, placeholders));
        const whole = restoreStream('text', chat, placeholders, [bytes]);
        expect(whole.toString()).toBe(Buffer.from(meantOf(list)).toString());
        expect(restoreStream('text', chat, placeholders, cut(bytes, places)).equals(whole)).toBe(true);
        expect(
          restoreStream(
            'text',
            chat,
            placeholders,
            [...bytes].map((byte) => Buffer.from([byte])),
          ).equals(whole),
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
