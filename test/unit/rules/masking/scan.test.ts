import { describe, expect, it } from 'vitest';
import type { Detector } from '../../../../src/rules/masking/detector.ts';
import { DETECTORS } from '../../../../src/rules/masking/registry.ts';
import { createScanner, findSecrets, scannerFor } from '../../../../src/rules/masking/scan.ts';

const ALL = ['email', 'secrets'];
const KEY = 'sk-ant-api03-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK';
const inText = (text: string) => findSecrets(text, ALL).map((f) => text.slice(f.start, f.end));
const inBytes = (text: string) => {
  const bytes = Buffer.from(text);
  return scannerFor(ALL)
    .bytes(bytes)
    .map((f) => bytes.toString('utf8', f.start, f.end));
};

describe('findSecrets', () => {
  it('finds values in order, with their prefix apart', () => {
    const text = `a bob@example.test b ${KEY} c`;
    expect(findSecrets(text, ALL)).toMatchObject([
      { start: 2, maskStart: 2, end: 18, detector: { name: 'email' } },
      { start: 21, maskStart: 34, end: 21 + KEY.length, detector: { name: 'anthropic' } },
    ]);
  });

  it('finds only the kinds asked for, and nothing for none', () => {
    expect(findSecrets(`bob@example.test ${KEY}`, ['email'])).toHaveLength(1);
    expect(findSecrets(`bob@example.test ${KEY}`, [])).toEqual([]);
    expect(scannerFor([]).bytes(Buffer.from(KEY))).toEqual([]);
    expect(scannerFor(ALL)).toBe(scannerFor(['secrets', 'email']));
  });

  it.each([
    ['after an escaped newline', 'x\\nbob@example.test', ['bob@example.test']],
    ['after one escaped twice', 'x\\\\nbob@example.test', ['bob@example.test']],
    ['with an escaped @', 'bob\\u0040example.test', ['bob\\u0040example.test']],
    ['with an @ escaped twice', 'bob\\\\u0040example.test', ['bob\\\\u0040example.test']],
    ['with escaped letters everywhere', 'b\\u006fb@ex\\u0061mple.test', ['b\\u006fb@ex\\u0061mple.test']],
    ['in escaped quotes', 'x\\\\\\"bob@example.test\\\\\\"', ['bob@example.test']],
    ['in quotes', '"bob@example.test":"x"', ['bob@example.test']],
    ['behind a path', 'C:\\dir bob@example.test', ['bob@example.test']],
    ['among other scripts', '联系：bob@example.test。', ['bob@example.test']],
    ['with accents', 'é joão@exämple.de ü', ['joão@exämple.de']],
    ['with accents and escapes', 'é\\njoão@exämple.de\\t', ['joão@exämple.de']],
    ['behind an emoji', '😀 bob@example.test 😀', ['bob@example.test']],
    ['percent-encoded', 'u=bob%40example.test&v=1', ['bob%40example.test']],
    ['two in one word', 'bob@example.test,ana@example.test', ['bob@example.test', 'ana@example.test']],
    ['behind many anchors', `${'@'.repeat(40)} bob@example.test`, ['bob@example.test']],
    ['far into a word', `${'x'.repeat(5000)}/bob@example.test`, ['bob@example.test']],
    ['before a long word of two-byte letters', `bob@example.test,${'é'.repeat(20_000)}`, ['bob@example.test']],
    ['before one shifted by a byte', `bob@example.test${'é'.repeat(20_000)}`.replace('é', ';xé'), ['bob@example.test']],
    ['behind a long word of two-byte letters', `${'é'.repeat(5000)}/bob@example.test`, ['bob@example.test']],
    ['far apart in one word', `bob@example.test${','.repeat(40_000)}ana@example.test`, ['bob@example.test', 'ana@example.test']],
  ])('finds values %s', (_what, text, expected) => {
    expect(inText(text)).toEqual(expected);
    expect(inBytes(text)).toEqual(expected);
  });

  it('finds a key whose anchor has a space that is escaped', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\n-----END PRIVATE KEY-----';
    const hidden = JSON.stringify({ pem }).replaceAll('P', '\\u0050');
    expect(findSecrets(hidden, ALL)).toHaveLength(1);
  });

  it('takes escapes that hide no letter for what they are', () => {
    expect(inText('\\u003cb\\u003e \\u0026 \\u001b[0m \\u00e9 \\u00zz')).toEqual([]);
  });

  it('leaves placeholders alone, whole or with more behind', () => {
    for (const text of [
      'SP_EMAIL_ABCDEFGHIJKL@example.test',
      'sk-ant-api03-SP_KEY_ABCDEFGHIJKLMNOP',
      'https://u:SP_URLPASS_ABCDEFGHIJKL@host.example',
    ]) {
      expect(inText(text), text).toEqual([]);
    }
  });

  it('names what two detectors find by the longer one, then by the first', () => {
    const token = 'ghp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5';
    expect(findSecrets(`https://user:${token}@github.com/x`, ALL).map((f) => f.detector.name)).toEqual(['github']);
    const wide: Detector = {
      name: 'wide',
      kind: 'secrets',
      word: 'WIDE',
      anchors: ['abc'],
      find: (_t, at) => ({ start: at, end: at + 6, keepPrefix: 0 }),
      examples: { yes: [], no: [] },
    };
    const narrow: Detector = { ...wide, name: 'narrow', find: (_t, at) => ({ start: at, end: at + 4, keepPrefix: 0 }) };
    const late: Detector = { ...wide, name: 'late', find: (_t, at) => ({ start: at + 1, end: at + 9, keepPrefix: 0 }) };
    expect(
      createScanner([narrow, wide, late])
        .text('abcdefghij')
        .map((f) => f.detector.name),
    ).toEqual(['wide']);
    expect(
      createScanner([narrow, { ...narrow, name: 'twin' }])
        .text('abcdefghij')
        .map((f) => f.detector.name),
    ).toEqual(['narrow']);
  });

  it('keeps bytes that are no UTF-8 out of values', () => {
    const bytes = Buffer.concat([Buffer.from('x '), Buffer.from([0xe9, 0xff]), Buffer.from('bob@example.test'), Buffer.from([0xe9])]);
    const [found] = scannerFor(ALL).bytes(bytes);
    expect(bytes.toString('latin1', found!.start, found!.end)).toBe('bob@example.test');
  });

  it('begins where it is told, but sees what stands before', () => {
    const text = 'twilio AC1b5d57e2d826bc29d349a9535e3d6d39 bob@example.test';
    const from = text.indexOf('AC');
    const names = (at: number) =>
      scannerFor(ALL)
        .bytes(Buffer.from(text), at)
        .map((f) => f.detector.name);
    expect(names(0)).toEqual(['twilio', 'email']);
    expect(names(from)).toEqual(['twilio', 'email']);
    expect(names(from + 1)).toEqual(['email']);
  });

  it('shows a detector as much before and after an anchor as it asks for', () => {
    const seen: string[] = [];
    const probe: Detector = {
      name: 'probe',
      kind: 'secrets',
      word: 'PROBE',
      anchors: ['abc'],
      reach: { before: 8, after: 8 },
      find: (text) => {
        seen.push(text);
        return undefined;
      },
      examples: { yes: [], no: [] },
    };
    const scanner = createScanner([probe]);
    scanner.text('1 2 3 4 5 6 abc 7 8 9 0 1 2 3');
    expect(seen).toEqual(['3 4 5 6 abc 7 8 9']);
    seen.length = 0;
    scanner.text('abc 1 2 3 4 5 6 7 8 9 abc');
    expect(seen).toEqual(['abc 1 2 3', '6 7 8 9 abc']);
    seen.length = 0;
    scanner.text('abc 1 2 3 4 abc');
    expect(seen).toEqual(['abc 1 2 3 4 abc', 'abc 1 2 3 4 abc']);
  });

  it('asks a glance first, and then only who saw something', () => {
    const asked: string[] = [];
    const shy = (name: string, answer: boolean): Detector => ({
      name,
      kind: 'secrets',
      word: 'SHY',
      anchors: ['@'],
      glance: (bytes, at, end) => {
        asked.push(`${name}:${bytes[at - 1]}:${bytes[end]}`);
        return answer;
      },
      find: () => {
        asked.push(`${name} found`);
        return undefined;
      },
      examples: { yes: [], no: [] },
    });
    createScanner([shy('no', false)]).text('@');
    createScanner([shy('no', false), shy('yes', true)]).text('a@b');
    expect(asked).toEqual(['no:undefined:undefined', 'no:97:98', 'yes:97:98', 'yes found']);
    const { glance: _glance, ...bold } = shy('bold', false);
    createScanner([shy('no', false), bold]).text('a@b');
    expect(asked.slice(-2)).toEqual(['no:97:98', 'bold found']);
  });

  describe('of digits', () => {
    const card: Detector = {
      name: 'card',
      kind: 'credit_card',
      word: 'CC',
      anchors: [],
      digits: 13,
      find: (text, at) => {
        const match = /^\d{4} \d{4} \d{4} \d{4}(?!\d)/.exec(text.slice(at));
        return match ? { start: at, end: at + match[0].length, keepPrefix: 0 } : undefined;
      },
      examples: { yes: [], no: [] },
    };
    const cards = (text: string) => {
      const bytes = Buffer.from(text);
      return createScanner([card])
        .bytes(bytes)
        .map((f) => bytes.toString('utf8', f.start, f.end));
    };

    it.each([
      ['4111 1111 1111 1111', ['4111 1111 1111 1111']],
      ['2026-01-01 4111 1111 1111 1111', ['4111 1111 1111 1111']],
      ['"4111 1111 1111 1111","5500 0000 0000 0004"', ['4111 1111 1111 1111', '5500 0000 0000 0004']],
      ['4111\u00a01111\u00a01111\u00a01111', ['4111\u00a01111\u00a01111\u00a01111']],
      ['４１１１ １１１１ １１１１ １１１１', ['４１１１ １１１１ １１１１ １１１１']],
      ['\\u0034111 1111\\u00a01111\\u20071111', ['\\u0034111 1111\\u00a01111\\u20071111']],
      [`${'é'.repeat(300)}:4111 1111 1111 1111`, ['4111 1111 1111 1111']],
      [`x${'é'.repeat(300)}:4111 1111 1111 1111`, ['4111 1111 1111 1111']],
      ['4111 1111 1111 111', []],
      ['4111-1111-1111-1111', []],
    ])('asks at each group of %j', (text, expected) => {
      expect(cards(text)).toEqual(expected);
    });

    it('asks only where enough digits stand together', () => {
      const asked: string[] = [];
      const scanner = createScanner([{ ...card, find: (text, at) => void asked.push(text.slice(at, at + 8)) }]);
      scanner.text('12 1234567890123 x 1234567890.....12345 1234567890123');
      expect(asked).toEqual(['12 12345', '12345678', '12345 12', '12345678']);
    });

    it('lets its findings and those of anchors be in order', () => {
      const email = DETECTORS.find((detector) => detector.name === 'email')!;
      const found = createScanner([email, card]).text('ana@example.test 4111 1111 1111 1111 bob@example.test 5500 0000 0000 0004 x');
      expect(found.map((f) => f.detector.name)).toEqual(['email', 'card', 'email', 'card']);
    });
  });

  it('asks for anchors of any case in any case', () => {
    const asked: string[] = [];
    const loose: Detector = {
      name: 'loose',
      kind: 'secrets',
      word: 'KEY',
      anchors: ['key', 'key_id'],
      anyCase: true,
      find: (text, at) => void asked.push(text.slice(at, at + 6)),
      examples: { yes: [], no: [] },
    };
    createScanner([loose, { ...loose, name: 'strict', anyCase: false, anchors: ['KEY'] }]).text('MyKey_Id=1 KEY=2');
    expect(asked.sort()).toEqual(['KEY=2', 'KEY=2', 'Key_Id']);
  });

  it.each([
    ['bob\u200b@example.test', 'bob\u200b@example.test'],
    ['bob＠example.test', 'bob＠example.test'],
    ['bob\\uff20example.test', 'bob\\uff20example.test'],
    ['gh\u00adp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5', 'gh\u00adp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5'],
    ['sk\u2011ant\u2011api03-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK', 'sk\u2011ant\u2011api03-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK'],
    ['gh\\u200bp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5', 'gh\\u200bp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5'],
  ])('finds what is disguised in %j', (text, expected) => {
    expect(inBytes(` x ${text} y `)).toEqual([expected]);
  });

  it('does not take emoji, marks and sections for disguises', () => {
    expect(inBytes('👩\u200d👩 §1 « a\u200b» \\u2019 \\u2028 \ufeff x')).toEqual([]);
  });

  it('asks only who has something to ask for, however many sets of detectors there are', () => {
    const words = [...'abcdefghi'].map((letter) => `#${letter}~`);
    const asked: string[] = [];
    const scanner = createScanner(
      words.map(
        (word): Detector => ({
          name: word,
          kind: 'secrets',
          word: 'KEY',
          anchors: [word],
          find: () => void asked.push(word),
          examples: { yes: [], no: [] },
        }),
      ),
    );
    for (let set = 1; set < 512; set++) {
      const own = words.filter((_, bit) => (set >> bit) & 1);
      asked.length = 0;
      scanner.text(own.join(''));
      expect(asked).toEqual(own);
    }
  });

  it('takes more detectors than there are bits', () => {
    const many = Array.from(
      { length: 64 },
      (_, n): Detector => ({
        name: `d${n}`,
        kind: 'secrets',
        word: 'KEY',
        anchors: [`~${String.fromCharCode(48 + n)}~`],
        find: (_text, at) => ({ start: at, end: at + 3, keepPrefix: 0 }),
        examples: { yes: [], no: [] },
      }),
    );
    const scanner = createScanner(many);
    for (const { name, anchors } of many) expect(scanner.text(`x ${anchors[0]} y`).map((f) => f.detector.name)).toEqual([name]);
  });
});
