import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { createMessageRestorer, createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const EMAIL = 'bob@example.test';
const P = placeholders.placeholderFor('EMAIL', EMAIL);
const delta = (text: string) => JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });

describe('createReplyRestorer', () => {
  it.each([
    ['sse', `data: ${delta(`a ${P}`)}\n\n`, `data: ${delta(`a ${EMAIL}`)}\n\n`],
    ['json', `{"a":"${P}"}`, `{"a":"${EMAIL}"}`],
    ['text', `a: ${P} é yes`, `a: ${EMAIL} é yes`],
    ['text', `{"a":"${P}"}`, `{"a":"${EMAIL}"}`],
    ['json', `data: ${delta(`a ${P}`)}\n\n`, `data: ${delta(`a ${EMAIL}`)}\n\n`],
    ['frames', '', ''],
  ] as const)('restores %s', (kind, body, expected) => {
    const restorer = createReplyRestorer(kind, anthropic, placeholders);
    expect(Buffer.concat([restorer.push(Buffer.from(body)), restorer.end()]).toString()).toBe(expected);
    expect(restorer.restored).toBe(body === '' ? 0 : 1);
  });

  it('lets the same buffer of a text pass, and holds back only its end', () => {
    const restorer = createReplyRestorer('text', anthropic, placeholders);
    const chunk = Buffer.from('no such thing in é');
    expect(restorer.push(chunk)).toBe(chunk);
    expect(restorer.push(Buffer.from('yes')).toString()).toBe('ye');
    expect(restorer.push(Buffer.from('!')).toString()).toBe('s!');
    expect(restorer.end().length).toBe(0);
  });

  it('lets an event larger than allowed pass', () => {
    const restorer = createReplyRestorer('sse', anthropic, placeholders, { maxEventBytes: 10 });
    expect(restorer.push(Buffer.from(`data: ${delta(P)}`)).toString()).toBe(`data: ${delta(P)}`);
  });
});

const PEM = '-----BEGIN\n-----END';
const Q = placeholders.placeholderFor('PEM', PEM);

describe('an answer in JSON', () => {
  const pieces = ['{"key":', `"${Q}"}`];
  const restored = `"${JSON.stringify(PEM).slice(1, -1)}"}`;

  it('is known by its beginning, in a stream', () => {
    const restorer = createReplyRestorer('sse', anthropic, placeholders, { answersJson: true });
    const [first, second] = pieces.map((text) => restorer.push(Buffer.from(`data: ${delta(text)}\n\n`)).toString());
    expect(first).toBe(`data: ${delta('{"key":')}\n\n`);
    expect(second).toBe(`data: ${delta(restored)}\n\n`);
  });

  it('is known by its beginning, in messages, when the last request asked for it', () => {
    let asked = true;
    const restorer = createMessageRestorer(anthropic, placeholders, () => asked);
    const messages = () => pieces.map((text) => restorer.message(Buffer.from(delta(text)))?.toString());
    expect(messages()).toEqual([undefined, delta(restored)]);
    asked = false;
    expect(messages()).toEqual([undefined, delta(`"${PEM}"}`)]);
  });

  it('is one document', () => {
    const restorer = createReplyRestorer('json', anthropic, placeholders, { answersJson: true });
    const body = (text: string) => JSON.stringify({ content: [{ type: 'text', text }] });
    expect(restorer.push(Buffer.from(body(pieces.join('')))).toString()).toBe(body(`{"key":${restored}`));
  });
});

describe('createMessageRestorer', () => {
  it('restores messages, lets others be, and adds one for what was held back', () => {
    const restorer = createMessageRestorer(anthropic, placeholders);
    const message = (payload: string) => restorer.message(Buffer.from(payload));
    expect(message(delta('hello'))).toBeUndefined();
    expect(message(delta(`a ${P}`))?.toString()).toBe(delta(`a ${EMAIL}`));
    expect(message(delta('yes'))?.toString()).toBe(delta('ye'));
    const stop = JSON.stringify({ type: 'content_block_stop', index: 0 });
    expect((message(stop) as Buffer[]).map(String)).toEqual([delta('s'), stop]);
    expect(message(`plain ${P}`)?.toString()).toBe(`plain ${EMAIL}`);
    expect(restorer.restored).toBe(2);
  });
});
