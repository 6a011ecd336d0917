import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import { createDocumentRestorer } from '../../../../src/rules/masking/reply-document.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const EMAIL = 'bob@example.test';
const PEM = 'a\n"b"\\';
const P = placeholders.placeholderFor('EMAIL', EMAIL);
const Q = placeholders.placeholderFor('PEM', PEM);

function run(pieces: readonly string[], dialect = opaque): { out: string[]; restored: number } {
  const restorer = createDocumentRestorer(dialect, placeholders);
  const out = pieces.map((piece) => restorer.push(Buffer.from(piece)).toString());
  return { out: [...out, restorer.end().toString()], restored: restorer.restored };
}

describe('a JSON reply', () => {
  it('without placeholders passes as the same buffers', () => {
    const restorer = createDocumentRestorer(opaque, placeholders);
    for (const text of ['{"a":"x', 'y","b":["no', ' words"],"c', '":1}']) {
      const chunk = Buffer.from(text);
      expect(restorer.push(chunk)).toBe(chunk);
    }
  });

  it('is restored string by string, names too, each escaped as it stands', () => {
    const body = (email: string, pem: string) =>
      JSON.stringify({ [email]: pem, tool: { arguments: JSON.stringify({ pem }) }, list: [`${email},${email}`] });
    expect(run([body(P, Q)])).toEqual({ out: [body(EMAIL, PEM), ''], restored: 5 });
  });

  it('holds back only what could still become a placeholder', () => {
    expect(run([`{"a":"x ${P.slice(0, 4)}`, P.slice(4, 10), `${P.slice(10)} y"}`]).out).toEqual(['{"a":"x ', '', `${EMAIL} y"}`, '']);
    expect(run(['{"a":"yes', '"}']).out).toEqual(['{"a":"ye', 's"}', '']);
    expect(run(['{"a":"yes', ' no', '"}']).out).toEqual(['{"a":"ye', 's no', '"}', '']);
    expect(run(['{"a":"yes', '']).out).toEqual(['{"a":"ye', '', 's']);
    expect(run(['{"a":"yes"', '}']).out).toEqual(['{"a":"yes"', '}', '']);
  });

  it('keeps opaque strings', () => {
    const body = JSON.stringify({ type: 'thinking', thinking: P, signature: P });
    expect(run([body], anthropic)).toEqual({ out: [body, ''], restored: 0 });
    const image = `{"type":"input_image","image_url":"data:image/png;base64,${'A'.repeat(30)}`;
    expect(run([image.slice(0, 50), image.slice(50), `${P}"}`], responses).out.join('')).toBe(`${image}${P}"}`);
  });

  it('may be several documents in a row', () => {
    expect(run([`{"a":"${P}"}\n{"a":"${P}"}\n`]).out.join('')).toBe(`{"a":"${EMAIL}"}\n{"a":"${EMAIL}"}\n`);
  });

  // `SP` was taken for a word like `true`, so the text began behind it and the placeholder stayed.
  it.each(['', '[', '[[x]] ', '{', '[1, ', '{"a":', '{"a":1} ', '[INFO] '])(
    'that is text from a placeholder behind %j on is restored',
    (before) => {
      for (const placeholder of [P, P.toLowerCase()]) {
        const text = `${before}${placeholder} and on`;
        for (let at = 0; at <= text.length; at++)
          expect(run([text.slice(0, at), text.slice(at)]).out.join('')).toBe(`${before}${EMAIL} and on`);
      }
    },
  );

  // The S and the P were read as the beginning of a number or a word, and only what followed as text: the placeholder came back as it was.
  it.each(['[', '[1', '[null, ', '{"a":1', '7 '])('is text again before a placeholder that stands outside of strings: %s', (before) => {
    const text = `${before}${P} and "${P}"`;
    const expected = `${before}${EMAIL} and "${EMAIL}"`;
    expect(run([text]).out.join('')).toBe(expected);
    expect(run([...text]).out.join('')).toBe(expected);
  });

  it('that turns out not to be JSON goes on as text', () => {
    expect(run([`{"a":"${Q}"} <p>${Q}</p> ${P.slice(0, 7)}`, `${P.slice(7)} yes`])).toEqual({
      out: [`{"a":"a\\n\\"b\\"\\\\"} <p>${PEM}</p> `, `${EMAIL} ye`, 's'],
      restored: 3,
    });
  });
});
