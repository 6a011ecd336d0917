import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { createEventRestorer } from '../../../../src/rules/masking/reply-event.ts';
import { createSseEditor } from '../../../../src/rules/masking/reply-stream.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const EMAIL = 'bob@example.test';
const P = placeholders.placeholderFor('EMAIL', EMAIL);
const PEM = 'line 1\nline 2\r\nline 3';
const Q = placeholders.placeholderFor('PEM', PEM);

const open = (dialect = anthropic, maxEventBytes = 1 << 20) =>
  createSseEditor(
    createEventRestorer(dialect, placeholders, () => false),
    maxEventBytes,
  );
const delta = (text: string) =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n`;
const run = (text: string, dialect = anthropic) => {
  const restorer = open(dialect);
  return Buffer.concat([restorer.push(Buffer.from(text)), restorer.end()]).toString();
};

describe('a stream that holds nothing to restore', () => {
  it('passes as the same buffers', () => {
    const restorer = open();
    for (const text of [delta('hello '), ': ping\n\n', 'data: [DONE]\r\n\r\n', delta('a') + delta('b'), '\n', 'retry: 5\n\n']) {
      const chunk = Buffer.from(text);
      expect(restorer.push(chunk)).toBe(chunk);
    }
    expect(restorer.end().length).toBe(0);
    expect(restorer.restored).toBe(0);
  });

  it('waits for the rest of an event, then lets it go', () => {
    const restorer = open();
    const text = delta('hello ');
    expect(restorer.push(Buffer.from(`${text}${text.slice(0, 40)}`)).toString()).toBe(text);
    expect(restorer.push(Buffer.from(text.slice(40, 60))).length).toBe(0);
    expect(restorer.push(Buffer.from(`${text.slice(60)}${text}`)).toString()).toBe(text + text);
    expect(restorer.push(Buffer.alloc(0)).length).toBe(0);
  });

  it.each(['\n', '\r\n', '\r'])('is the same for every cut, with line ends %j', (newline) => {
    const text = `\uFEFF: hi${newline}${newline}id: 7${newline}${delta('hello ').replaceAll('\n', newline)}${newline}data${newline}data:x${newline}${newline}`;
    for (let at = 0; at <= text.length; at++) {
      const restorer = open();
      const out = [restorer.push(Buffer.from(text.slice(0, at))), restorer.push(Buffer.from(text.slice(at))), restorer.end()];
      expect(Buffer.concat(out).toString()).toBe(text);
    }
  });
});

describe('an event with a placeholder', () => {
  it('is restored between events that pass', () => {
    const restorer = open();
    const chunk = Buffer.from(`${delta('a')}${delta(`to ${P}!`)}${delta('b')}`);
    expect(restorer.push(chunk).toString()).toBe(`${delta('a')}${delta(`to ${EMAIL}!`)}${delta('b')}`);
    expect(restorer.restored).toBe(1);
  });

  it('keeps its comments, ids, order of lines and line ends', () => {
    const event = (text: string) =>
      `: note\r\nid: 1\r\ndata:{"type":"message_start","x":"${text}"}\r\nevent: message_start\r\nretry: 3\r\n\r\n`;
    expect(run(event(P))).toBe(event(EMAIL));
    expect(run(`\uFEFF${event(P)}${event(P)}`)).toBe(`\uFEFF${event(EMAIL)}${event(EMAIL)}`);
  });

  it('may have its data on several lines', () => {
    const event = (text: string) => `data: {"type":"message_start",\ndata: "x":"${text}", "y":\nother: 1\ndata:"${text}"}\n\n`;
    expect(run(event(P))).toBe(event(EMAIL));
  });

  it('is one event however its lines end', () => {
    for (const newline of ['\n', '\r\n', '\r']) {
      const event = (text: string) => [`data: {"type":"message_start",`, `data: "x":"${text}"}`, '', ''].join(newline);
      expect(run(event(P))).toBe(event(EMAIL));
    }
  });

  // An event leaves at the CR that ends it, so its copy lacked the LF: `\r\n\r` before the next event is legal, but clients that
  // look for `\r\n\r\n` (Google's SDKs, whose service writes CRLF) took two events for one.
  it.each(['\n', '\r\n', '\r'])('said again has all of its end, with line ends %j', (newline) => {
    const said = (text: string) => delta(text).replaceAll('\n', newline);
    const stop = `data: {"type":"content_block_stop","index":0}${newline}${newline}`;
    const text = said('yes') + stop;
    const whole = said('ye') + said('s') + stop;
    expect(run(text)).toBe(whole);
    for (let at = 0; at <= text.length; at++) {
      const restorer = open();
      const out = [restorer.push(Buffer.from(text.slice(0, at))), restorer.push(Buffer.from(text.slice(at))), restorer.end()];
      expect(Buffer.concat(out).toString()).toBe(whole);
    }
    expect(run(said('yes'))).toBe(said('ye') + said('s'));
  });

  it('may hold no JSON: a value of several lines becomes several lines of data', () => {
    expect(run(`data: see ${P} and ${Q}\n\n`, opaque)).toBe(`data: see ${EMAIL} and line 1\ndata: line 2\ndata: line 3\n\n`);
    expect(run(`data: 1 ${P}\ndata: ${P} 2\n\n`, opaque)).toBe(`data: 1 ${EMAIL}\ndata: ${EMAIL} 2\n\n`);
    expect(run(`: ${P}\nevent: ${P}\ndatabase: ${P}\n\n`, opaque)).toBe(`: ${P}\nevent: ${P}\ndatabase: ${P}\n\n`);
  });
});

describe('text held back', () => {
  it('leaves when the stream ends', () => {
    expect(run(delta('yes'))).toBe(delta('ye') + delta('s'));
    // Also before an event that was never completed.
    expect(run(`${delta('yes')}: bye`)).toBe(`${delta('ye')}${delta('s')}: bye`);
    expect(run(`${delta('yes')}data: {"type":"ping"}`)).toBe(`${delta('ye')}${delta('s')}data: {"type":"ping"}`);
  });

  it('goes into the last event even if that was never completed', () => {
    expect(run(`${delta('x SP_EM')}${delta(`${P.slice(5)} yes`).trimEnd()}`)).toBe(
      `${delta('x ')}${delta(`${P.slice(0, 5)}${P.slice(5)} yes`.replace(P, EMAIL)).trimEnd()}`,
    );
  });
});

describe('an event too large to hold', () => {
  it('passes as it is, and the next one is restored again', () => {
    const restorer = open(anthropic, 100);
    const large = delta(`${'x'.repeat(200)} ${P}`);
    const pieces = [large.slice(0, 90), large.slice(90, 150), large.slice(150, 200), `${large.slice(200)}${delta(P)}`];
    const out = pieces.map((piece) => restorer.push(Buffer.from(piece)).toString());
    expect(out).toEqual(['', large.slice(0, 150), large.slice(150, 200), large.slice(200) + delta(EMAIL)]);
    expect(restorer.push(Buffer.from(large.slice(0, 150))).toString()).toBe(large.slice(0, 150));
    expect(restorer.end().length).toBe(0);
  });
});
