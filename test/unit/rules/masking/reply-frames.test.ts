import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { createEventRestorer } from '../../../../src/rules/masking/reply-event.ts';
import { createFramesEditor } from '../../../../src/rules/masking/reply-frames.ts';
import { compileReturnRules } from '../../../../src/rules/masking/return-rules.ts';
import { readPayloads, writeMessage } from '../../../support/event-messages.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const PEM = 'line 1\nline 2 "q"';
const P = placeholders.placeholderFor('PEM', PEM);

const converse = (kind: string, payload: object) =>
  writeMessage({ ':event-type': kind, ':content-type': 'application/json', ':message-type': 'event' }, JSON.stringify(payload));
const said = (text: string) => converse('contentBlockDelta', { contentBlockIndex: 0, delta: { text }, p: 'abc' });
const args = (input: string) => converse('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input } } });
const stop = (contentBlockIndex: number) => converse('contentBlockStop', { contentBlockIndex, p: 'ab' });
const invoke = (event: object) =>
  writeMessage({ ':event-type': 'chunk' }, JSON.stringify({ bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcdef' }));
const delta = (text: string) => invoke({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const blockStop = invoke({ type: 'content_block_stop', index: 0 });

function run(stream: Buffer, size = stream.length, maxMessageBytes = 1 << 20): Buffer {
  const restorer = createFramesEditor(
    createEventRestorer(anthropic, placeholders, () => false),
    maxMessageBytes,
  );
  const out: Buffer[] = [];
  for (let i = 0; i < stream.length; i += size) out.push(restorer.push(stream.subarray(i, i + size)));
  out.push(restorer.end());
  return Buffer.concat(out);
}
const cutUp = (text: string, size: number) => text.match(new RegExp(`[^]{1,${size}}`, 'g'))!;

// A Bedrock reply was restored as if it were text: the value was written over the placeholder, the lengths and checksums of the
// message round it stayed what they were, and the client gave the whole stream up.
describe('a stream of event messages', () => {
  it.each([1, 3, 7, 100])('of ConverseStream is restored, cut into %i characters', (size) => {
    const text = `a ${P} b S`;
    const json = JSON.stringify({ key: P });
    const stream = Buffer.concat([...cutUp(text, size).map(said), stop(0), ...cutUp(json, size).map(args), stop(1)]);
    const events = readPayloads(run(stream)).map((payload) => JSON.parse(payload));
    expect(events.map((e) => e.delta?.text ?? '').join('')).toBe(`a ${PEM} b S`);
    expect(JSON.parse(events.map((e) => e.delta?.toolUse?.input ?? '').join(''))).toEqual({ key: PEM });
    for (const cut of [1, 5, 64]) expect(run(Buffer.from(stream), cut).equals(run(Buffer.from(stream)))).toBe(true);
  });

  it.each([1, 3, 7, 100])('of InvokeModelWithResponseStream is restored, cut into %i characters', (size) => {
    const stream = Buffer.concat([...cutUp(`a ${P} b S`, size).map(delta), blockStop]);
    const events = readPayloads(run(stream)).map((payload) => {
      const { bytes, p } = JSON.parse(payload);
      expect(p).toBe('abcdef');
      return JSON.parse(Buffer.from(bytes, 'base64').toString());
    });
    expect(events.map((e) => e.delta?.text ?? '').join('')).toBe(`a ${PEM} b S`);
    expect(events.at(-1)).toEqual({ type: 'content_block_stop', index: 0 });
  });

  it('that ends while something is held back says it in messages of their own', () => {
    expect(readPayloads(run(said('yes'))).map((p) => JSON.parse(p).delta.text)).toEqual(['ye', 's']);
    expect(readPayloads(run(delta('yes')))).toHaveLength(2);
  });

  it('leaves as the bytes it came as where nothing is restored, thinking and all', () => {
    const thought = converse('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: P, signature: P } } });
    const stream = Buffer.concat([
      said('hello'),
      thought,
      stop(0),
      delta('hello'),
      blockStop,
      converse('messageStop', { stopReason: 'x' }),
    ]);
    for (const size of [1, 1000]) expect(run(stream, size).equals(stream)).toBe(true);
  });

  it('that is none, or is cut, or has a message too large, passes', () => {
    const wrong = said(P);
    wrong[8]! ^= 1;
    for (const stream of [Buffer.from(`no such thing as ${P}, at all`), wrong, said(P).subarray(0, 40), Buffer.from('short')])
      expect(run(Buffer.from(stream)).equals(stream)).toBe(true);
    expect(run(said(P), 50, 20).equals(said(P))).toBe(true);
    const long = said('x');
    long.writeUInt32BE(1000, 4);
    expect(
      run(Buffer.concat([said('yes'), long]))
        .subarray(-long.length)
        .equals(long),
    ).toBe(true);
  });

  it('counts what it restored', () => {
    const restorer = createFramesEditor(
      createEventRestorer(anthropic, placeholders, () => false),
      1 << 20,
    );
    restorer.push(Buffer.concat([said(P), delta(P)]));
    expect(restorer.restored).toBe(2);
  });

  it('keeps placeholders in the arguments of a tool that the rules name', () => {
    const source = compileReturnRules({}, ['fetch'])!(placeholders);
    for (const [name, kept] of [
      ['fetch', true],
      ['run', false],
    ] as const) {
      const restorer = createFramesEditor(
        createEventRestorer(anthropic, source, () => false),
        1 << 20,
      );
      const start = converse('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't', name } } });
      const stream = Buffer.concat([said(P), stop(0), start, ...cutUp(JSON.stringify({ key: P }), 5).map(args), stop(1)]);
      const events = readPayloads(Buffer.concat([restorer.push(stream), restorer.end()])).map((payload) => JSON.parse(payload));
      expect(events.map((e) => e.delta?.text ?? '').join('')).toBe(PEM);
      expect(JSON.parse(events.map((e) => e.delta?.toolUse?.input ?? '').join(''))).toEqual({ key: kept ? P : PEM });
    }
  });
});
