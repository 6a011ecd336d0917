import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import type { Detector } from '../../../../src/rules/masking/detector.ts';
import type { MaskAction } from '../../../../src/rules/masking/kinds.ts';
import { applyEdits, createMasker } from '../../../../src/rules/masking/mask.ts';
import { scannerFor } from '../../../../src/rules/masking/scan.ts';
import { createStreamScanner } from '../../../../src/rules/masking/stream-scan.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const KEY = 'sk-ant-api03-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK';
const PEM = '-----BEGIN PRIVATE KEY-----\nMo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\n-----END PRIVATE KEY-----';

function setUp(actions: Record<string, MaskAction> = { email: 'mask', secrets: 'mask' }) {
  const placeholders = testPlaceholders();
  const masker = createMasker({ placeholders, actions });
  const P = (word: string, value: string) => placeholders.placeholderFor(word, value);
  const json = (value: unknown, dialect = opaque) => {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    return applyEdits(body, masker.json(body, dialect).edits).toString();
  };
  return { placeholders, masker, P, json };
}

/** Finds sixteen digits. */
const numbered: Detector = {
  name: 'numbered',
  kind: 'credit_card',
  word: 'CC',
  anchors: [],
  digits: 16,
  find: (_text, at) => ({ start: at, end: at + 16, keepPrefix: 0 }),
  examples: { yes: [], no: [] },
};

function maskedLines(pem: string, P: (word: string, value: string) => string): string {
  return pem
    .split('\n')
    .map((line) => P('PEM', line))
    .join('\n');
}

it('leaves what stands for a key of the user, though it has the form of one', () => {
  const standIn = 'sk-ant-api03-SALLYPORTp2xW8rT5uY7iO1aS4dF6gH0jK';
  const body = Buffer.from(JSON.stringify({ key: standIn, other: KEY }));
  const edited = (standIns?: readonly string[]) => {
    const placeholders = testPlaceholders();
    const masker = createMasker({ placeholders, actions: { secrets: 'mask' }, ...(standIns && { standIns }) });
    return applyEdits(body, masker.json(body, opaque).edits).toString();
  };
  expect(edited()).not.toContain(standIn);
  expect(edited([standIn])).toMatch(new RegExp(`^\\{"key":"${standIn}","other":"sk-ant-api03-SP_\\w+"\\}$`));
});

describe('a JSON body', () => {
  it('is not looked at further when nothing is in it', () => {
    const { masker } = setUp();
    const scan = masker.json(Buffer.from('{"a":"@types/node and task-list"}'), opaque);
    expect(scan).toEqual({ edits: [], counts: {}, blocked: undefined });
    expect(masker.text(Buffer.from('nothing'))).toBe(scan);
  });

  it('has its values replaced, prefixes kept, everything else left', () => {
    const { json, P } = setUp();
    expect(json(`{ "a":"x bob@example.test",\n"k" : ["${KEY}", "\\u00e9"] }`)).toBe(
      `{ "a":"x ${P('EMAIL', 'bob@example.test')}",\n"k" : ["sk-ant-api03-${P('KEY', KEY.slice(13))}", "\\u00e9"] }`,
    );
  });

  it('gives one value one placeholder, at every depth of escapes', () => {
    const { json, P } = setUp();
    const inner = JSON.stringify({ note: 'line\nbob@example.test\tx' });
    const body = json({ text: `said ${inner}`, deep: JSON.stringify({ inner }), plain: 'bob@example.test' });
    expect(body.split(P('EMAIL', 'bob@example.test'))).toHaveLength(4);
    expect(body).not.toContain('bob@');
    expect(JSON.parse(JSON.parse(JSON.parse(body).deep).inner).note).toBe(`line\n${P('EMAIL', 'bob@example.test')}\tx`);
  });

  it('keeps a value as the tool sees it: as it stands in a text, once more unescaped in tool arguments', () => {
    const { json, P, placeholders } = setUp();
    const url = (password: string) => `db://app:${password}@db.example`;
    const password = 'a\\b9';
    json({ text: url(password) });
    expect(placeholders.valueOf(P('URLPASS', password))).toBe(password);
    expect(json({ arguments: JSON.stringify({ file: url(password) }) })).toContain(P('URLPASS', password));
    // The same text as the contents of a file: with its own backslashes.
    expect(json({ text: JSON.stringify({ file: url(password) }) })).toContain(P('URLPASS', 'a\\\\b9'));
    expect(json({ arguments: url(password) })).toContain(P('URLPASS', password));
  });

  // A key that stood as JSON in a text was one value, its line ends spelled as backslash and n. A model that wrote it to a file
  // got them back so, and a key it quoted in JSON came back with raw line ends inside a string.
  it('replaces a key line by line, alike at every depth of escapes, and leaves its line ends to the text', () => {
    const { json, masker, P } = setUp();
    const masked = maskedLines(PEM, P);
    expect(json({ text: PEM })).toBe(JSON.stringify({ text: masked }));
    const text = JSON.stringify({ key: JSON.stringify({ key: PEM }) });
    const args = JSON.stringify({ file: PEM });
    expect(json({ text, arguments: args })).toBe(
      JSON.stringify({ text: JSON.stringify({ key: JSON.stringify({ key: masked }) }), arguments: JSON.stringify({ file: masked }) }),
    );
    expect(json({ text: PEM.replaceAll('\n', '\r\n') })).toBe(JSON.stringify({ text: masked.replaceAll('\n', '\r\n') }));
    expect(masker.json(Buffer.from(JSON.stringify({ text: PEM })), opaque).counts).toEqual({ secrets: 1 });
    expect(masker.value(PEM)).toEqual({ text: masked, counts: { secrets: 1 }, blocked: undefined });
  });

  it('leaves opaque strings alone, names too, and masks names elsewhere', () => {
    const { json, masker, P } = setUp();
    const email = 'bob@example.test';
    const body = { type: 'thinking', thinking: email, signature: KEY, text: email, [email]: email };
    expect(json(body, anthropic)).toBe(
      JSON.stringify({ ...body, text: P('EMAIL', email), [email]: undefined }).replace(
        /}$/,
        `,"${P('EMAIL', email)}":"${P('EMAIL', email)}"}`,
      ),
    );
    expect(masker.json(Buffer.from(JSON.stringify({ signature: KEY })), anthropic)).toEqual({ edits: [], counts: {}, blocked: undefined });
  });

  it('tells a data URI from a link by how the string begins', () => {
    const { json } = setUp();
    const image = { type: 'input_image', image_url: `data:image/png;base64,AAAA/${KEY}` };
    expect(json({ image }, responses)).toBe(JSON.stringify({ image }));
    expect(json({ image: { ...image, image_url: `https://x.example/?k=${KEY}` } }, responses)).not.toContain('Zk3v');
  });

  it.each([
    '{"signature":"bob@example.test"',
    '{"signature":"bob@example.test"} x',
    '{"signature":"bob@example.test"}{}',
    'signature: bob@example.test',
    '["bob@example.test"',
  ])('that is none is text, and all of it is scanned: %s', (body) => {
    const { json, masker } = setUp();
    expect(json(body, anthropic)).not.toContain('bob@');
    expect(masker.json(Buffer.from(body), anthropic).counts).toEqual({ email: 1 });
  });

  // Both were taken for text, so a key of several lines had another placeholder there, and came back with its escapes as they stood.
  it('may begin with a byte order mark, or be one of several on lines of their own', () => {
    const { json, masker, P } = setUp();
    const one = JSON.stringify({ signature: KEY, text: PEM });
    const masked = JSON.stringify({ signature: KEY, text: maskedLines(PEM, P) });
    expect(json(`\uFEFF${one}`, anthropic)).toBe(`\uFEFF${masked}`);
    const lines = (text: string) => applyEdits(Buffer.from(text), masker.lines(Buffer.from(text), anthropic).edits).toString();
    expect(lines(`${one}\n${one}\n`)).toBe(`${masked}\n${masked}\n`);
    expect(lines(`${one}\n{"signature":"bob@example.test"`)).not.toContain('bob@');
  });

  it('has what stands in no string masked too', () => {
    const { json, P } = setUp();
    const aws = 'AKIAL9IDKJKSPEY23M6Q';
    expect(json(`{"a":${aws},"signature":"x"}`, anthropic)).toBe(`{"a":AKIA${P('AWS', aws.slice(4))},"signature":"x"}`);
    expect(json(`[${aws}]`)).toBe(`[AKIA${P('AWS', aws.slice(4))}]`);
    expect(json(`["bob@example.test",${aws},"ana@example.test"]`).match(/SP_/g)).toHaveLength(3);
  });

  it('keeps what the policy only warns about, counts it, and says what is blocked', () => {
    const redacted = setUp({ email: 'redact', secrets: 'redact' });
    expect(redacted.json({ a: 'bob@example.test', b: KEY })).toBe(`{"a":"[EMAIL_REDACTED]","b":"sk-ant-api03-[SECRET_REDACTED]"}`);
    expect(redacted.placeholders.size).toBe(0);
    const warned = setUp({ email: 'warn', secrets: 'block' });
    const body = Buffer.from(JSON.stringify({ a: `bob@example.test ana@example.test ${KEY}` }));
    expect(warned.masker.json(body, opaque)).toEqual({ edits: [], counts: { email: 2, secrets: 1 }, blocked: 'secrets' });
    expect(warned.placeholders.size).toBe(0);
    expect(setUp({ email: 'off', secrets: 'off' }).masker.json(body, opaque).counts).toEqual({});
    expect(setUp({ email: 'block', secrets: 'block' }).masker.json(body, opaque).blocked).toBe('email');
    // A kind nobody has decided about is masked.
    expect(setUp({}).masker.json(body, opaque).edits).toHaveLength(3);
  });

  it('puts a string where a number was, so that it parses', () => {
    const placeholders = testPlaceholders();
    const masker = createMasker({ placeholders, actions: { credit_card: 'mask' }, detectors: [numbered] });
    const body = Buffer.from('{"a":-4111111111111111.5e3,"b":[4111111111111111]}');
    const masked = applyEdits(body, masker.json(body, opaque).edits).toString();
    const [a, b] = ['-4111111111111111.5e3', '4111111111111111'].map((value) => placeholders.placeholderFor('CC', value));
    expect(masked).toBe(`{"a":"${a}","b":["${b}"]}`);
    const redacting = createMasker({ placeholders, actions: { credit_card: 'redact' }, detectors: [numbered] });
    expect(applyEdits(body, redacting.json(body, opaque).edits).toString()).toBe('{"a":"[CC_REDACTED]","b":["[CC_REDACTED]"]}');
  });

  it('is looked at from where it differs from the turn before', () => {
    const { masker, json } = setUp();
    const message = (i: number) => ({ role: 'user', content: `${'word '.repeat(9000)} user${i}@example.test` });
    const turn = (n: number) => ({
      model: 'm',
      messages: Array.from({ length: n }, (_, i) => message(i)),
      tools: [{ owner: 'ana@example.test' }],
    });
    for (const n of [3, 4, 5]) {
      const masked = json(turn(n));
      expect(masked).not.toContain('@');
      expect(masker.json(Buffer.from(JSON.stringify(turn(n))), opaque).counts).toEqual({ email: n + 1 });
    }
  });

  it('finds what stands between strings in a long body', () => {
    const { masker } = setUp();
    const body = `{"a":["${'word '.repeat(9000)}",AKIAL9IDKJKSPEY23M6Q,1],"b":["${'word '.repeat(9000)}"],"c":"bob@example.test"}`;
    for (let again = 0; again < 2; again++) {
      expect(masker.json(Buffer.from(body), opaque).counts).toEqual({ secrets: 1, email: 1 });
      expect(masker.json(Buffer.from(body.replace('"bob@', '"x bob@')), opaque).counts).toEqual({ secrets: 1, email: 1 });
    }
  });
});

// A letter of an address or a key written as %62 hid all of it, a key in PEM with its blanks as %20 or + did too, and `bob%40…` had a
// placeholder of its own: who got the decoded text back found `bob%40…` in it.
describe('a part of a query, or a form', () => {
  const bob = 'bob@example.test';
  const both = (text: string) => {
    const { masker, placeholders } = setUp();
    const body = Buffer.from(text, 'latin1');
    const query = masker.query(text).text;
    expect(applyEdits(body, masker.form(body).edits).toString('latin1')).toBe(query);
    const values: string[] = [];
    const read = query.replace(/SP_[A-Z]+_[A-Z2-7]{12}/g, (placeholder) => {
      values.push(placeholders.valueOf(placeholder)!);
      return '<>';
    });
    return [read, ...values];
  };

  it.each([
    ['e=%62ob%40example%2Etest&x=%41', 'e=<>&x=%41', bob],
    ['e=bob@example.test', 'e=<>', bob],
    ['e=bob%40example.test', 'e=<>', bob],
    ['%65=b%6Fb%40example.tes%74', '%65=<>', bob],
    ['q=write%20to%20bob%40example.test%20%zz%4', 'q=write%20to%20<>%20%zz%4', bob],
    ['q=write+to+bob%40example.test+now', 'q=write+to+<>+now', bob],
    ['q=mail+bob%2Btag%40example.test', 'q=mail+<>', 'bob+tag@example.test'],
    ['e=bob+tag@example.test&f=ana%40example.test', 'e=<>&f=<>', 'bob+tag@example.test', 'ana@example.test'],
    ['e=jo%C3%A3o%40example.test', 'e=<>', 'joão@example.test'],
    [`k=%73k-ant%2Dapi03-${KEY.slice(13)}`, 'k=%73k-ant%2Dapi03-<>', KEY.slice(13)],
    [`k=${new URLSearchParams({ '': PEM }).toString().slice(1)}&n=1`, 'k=<>%0A<>%0A<>&n=1', ...PEM.split('\n')],
    [`k=${encodeURIComponent(PEM)}`, 'k=<>%0A<>%0A<>', ...PEM.split('\n')],
    [`q=${encodeURIComponent(JSON.stringify({ to: `x\n${bob}` }))}`, 'q=%7B%22to%22%3A%22x%5Cn<>%22%7D', bob],
    ['p=100%25+of+%26+and+%FF', 'p=100%25+of+%26+and+%FF'],
    ['p=nothing%20%40', 'p=nothing%20%40'],
  ])('%s', (text, ...expected) => {
    expect(both(text)).toEqual(expected);
  });

  it('says what is blocked', () => {
    expect(setUp({ email: 'block' }).masker.query('e=%62ob%40example.test')).toEqual({
      text: 'e=%62ob%40example.test',
      counts: { email: 1 },
      blocked: 'email',
    });
  });
});

describe('a field value', () => {
  it('has its values replaced, percent-encoded ones too', () => {
    const { masker, P } = setUp();
    expect(masker.value('to=bob%40example.test')).toEqual({
      text: `to=${P('EMAIL', 'bob%40example.test')}`,
      counts: { email: 1 },
      blocked: undefined,
    });
    expect(masker.value(`{"k":"${KEY}","é":"bob@example.test"} end`)).toEqual({
      text: `{"k":"sk-ant-api03-${P('KEY', KEY.slice(13))}","é":"${P('EMAIL', 'bob@example.test')}"} end`,
      counts: { secrets: 1, email: 1 },
      blocked: undefined,
    });
    expect(masker.value('nothing')).toEqual({ text: 'nothing', counts: {}, blocked: undefined });
    expect(setUp({ secrets: 'block' }).masker.value(KEY)).toEqual({ text: KEY, counts: { secrets: 1 }, blocked: 'secrets' });
  });
});

describe('applyEdits', () => {
  const body = Buffer.from('0123456789');
  const edit = (start: number, end: number, text: string) => ({ start, end, text, kind: 'k' });

  it('splices', () => {
    expect(applyEdits(body, []).equals(body)).toBe(true);
    expect(applyEdits(body, [edit(0, 1, 'abc'), edit(1, 1, '+'), edit(4, 10, '')]).toString()).toBe('abc+123');
    expect(applyEdits(body, [edit(10, 10, '\xe9')])).toEqual(Buffer.concat([body, Buffer.from([0xe9])]));
  });

  it('refuses edits that overlap, stand in the wrong order or outside', () => {
    for (const edits of [[edit(0, 3, ''), edit(2, 4, '')], [edit(5, 6, ''), edit(0, 1, '')], [edit(3, 2, '')], [edit(9, 11, '')]]) {
      expect(() => applyEdits(body, edits)).toThrow('edits overlap');
    }
  });
});

describe('a stream too large to collect', () => {
  it('reports each value once, however it is cut', () => {
    const text = `x ${KEY} y bob@example.test z ${'filler '.repeat(3000)} ana@example.test end`;
    const bytes = Buffer.from(text);
    for (const size of [1000, 37, bytes.length]) {
      const scanner = createStreamScanner(scannerFor(['secrets', 'email']), () => true);
      const found = [];
      for (let i = 0; i < bytes.length; i += size) found.push(...scanner.push(bytes.subarray(i, i + size)));
      expect(new Set(found.map(({ kind, start }) => `${kind}@${start}`))).toEqual(
        new Set([`secrets@${text.indexOf('sk-')}`, `email@${text.indexOf('bob@')}`, `email@${text.indexOf('ana@')}`]),
      );
      expect(found).toHaveLength(3);
    }
  });

  it('is looked at for the kinds asked for', () => {
    expect(
      createStreamScanner(scannerFor(['secrets', 'email']), ({ kind }) => kind === 'secrets').push(Buffer.from(`bob@example.test ${KEY}`)),
    ).toEqual([{ kind: 'secrets', start: 17, end: 17 + KEY.length }]);
  });
});
