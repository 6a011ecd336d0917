import { describe, expect, it } from 'vitest';
import { JsonWalk } from '../../../../src/rules/masking/walk.ts';

interface Seen {
  readonly text: string;
  readonly path: string;
  readonly steps: string;
  readonly type: string | undefined;
  readonly head: string;
}

/** Every string of the document, put together from its pieces, with what the walk knew when it ended. */
function read(pieces: readonly string[], many = false): { seen: Seen[]; walk: JsonWalk } {
  const walk = new JsonWalk(many);
  walk.wanted = -1;
  const seen: Seen[] = [];
  let before = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    walk.push(bytes, 0, (start, end, more) => {
      before += bytes.toString('latin1', start, end);
      if (more) return;
      const name = walk.atName ? '#' : '';
      seen.push({ text: name + before, path: walk.path().join('.'), steps: walk.steps().join('.'), type: walk.type(), head: walk.head() });
      before = '';
    });
  }
  return { seen, walk };
}

const DOCUMENT =
  '{"type":"message","list":["a\\"b",{"type":"text","text":"x"},{"text":"\\u00e9\\\\"}],"n":-1.5e3,"deep":{"k\\n":{"v":"y"}},"":true}';

describe('the walk', () => {
  it('knows where each string stands', () => {
    const { seen, walk } = read([DOCUMENT]);
    expect(walk.complete).toBe(true);
    expect(seen.filter((s) => !s.text.startsWith('#')).map((s) => [s.text, s.path, s.steps, s.type, s.head])).toEqual([
      ['message', 'type', 'type', undefined, 'message'],
      ['a\\"b', 'list', 'list.0', 'message', 'a"b'],
      ['text', 'list.type', 'list.1.type', undefined, 'text'],
      ['x', 'list.text', 'list.1.text', 'text', 'x'],
      ['\\u00e9\\\\', 'list.text', 'list.2.text', undefined, 'é\\'],
      ['y', 'deep.k\n.v', 'deep.k\n.v', undefined, 'y'],
    ]);
    expect(seen.filter((s) => s.text.startsWith('#')).map((s) => s.path)).toEqual([
      'type',
      'list',
      'list.type',
      'list.text',
      'list.text',
      'n',
      'deep',
      'deep.k\n',
      'deep.k\n.v',
      '',
    ]);
  });

  it('sees the same however the bytes are cut', () => {
    const { seen } = read([DOCUMENT]);
    for (let at = 0; at <= DOCUMENT.length; at++) expect(read([DOCUMENT.slice(0, at), DOCUMENT.slice(at)]).seen).toEqual(seen);
    const each = read([...DOCUMENT, '']);
    expect(each.seen).toEqual(seen);
    expect(each.walk.complete).toBe(true);
  });

  it.each(['{}', '[]', '"s"', '1', 'true', ' [1 , 2]\r\n\t', '[[],{}]', '{"a":[{"b":null}]}', '"raw\ncontrol"'])('accepts %j', (text) => {
    expect(read([text]).walk.complete).toBe(true);
  });

  it.each([
    '',
    '{',
    '[1',
    '"open',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '{a:1}',
    '[1}',
    '{"a":1]',
    ']',
    '1 2',
    '{} {}',
    '"a" "b"',
    '[1 2]',
    '["a" "b"]',
    '{"a" 1}',
    '{"a":1 "b":2}',
    ':',
    ',',
    '[:]',
    '<html>',
    '{"a":1}}',
    '\uFEFF{}',
    '{1:2}',
    '{"a":"b" "c"}',
    '1"s"',
    '1{}',
    '[1[2]]',
    '{{}}',
  ])('does not take %j for a document', (text) => {
    expect(read([text]).walk.complete).toBe(false);
  });

  it('says how far a broken document was good', () => {
    const walk = new JsonWalk();
    expect(walk.push(Buffer.from('{"a":1} x'), 0, () => undefined)).toBe(8);
    expect(walk.broken).toBe(true);
    expect(walk.push(Buffer.from('{}'), 0, () => undefined)).toBe(0);
  });

  it('takes several documents in a row if it is told to', () => {
    expect(read(['{"a":"x"}\n{"b":"y"}', ' "z"'], true).seen.map((s) => s.text)).toEqual(['#a', 'x', '#b', 'y', 'z']);
    expect(read(['{}{}[]'], true).walk.complete).toBe(true);
    expect(read(['{},{}'], true).walk.broken).toBe(true);
  });

  it('refuses to go deeper than anyone would', () => {
    expect(read(['['.repeat(4096) + ']'.repeat(4096)]).walk.complete).toBe(true);
    expect(read(['['.repeat(4097) + ']'.repeat(4097)]).walk.broken).toBe(true);
  });

  it('passes over strings that nobody wants', () => {
    const walk = new JsonWalk();
    const bytes = Buffer.from('["first","second","third"]');
    walk.wanted = bytes.indexOf('second');
    const seen: string[] = [];
    walk.push(bytes, 0, (start, end) => {
      seen.push(bytes.toString('latin1', start, end));
      walk.wanted = bytes.length;
    });
    expect(seen).toEqual(['second']);
  });

  it('reads long strings with quotes, backslashes and cuts in them', () => {
    const long = `${'x'.repeat(60)}\\"${'y'.repeat(60)}\\\\`;
    const text = `["${long}","${long}${long}"]`;
    for (const at of [2, 61, 62, 63, 64, 120, 127, 128, text.length - 2]) {
      expect(read([text.slice(0, at), text.slice(at)]).seen.map((s) => s.text)).toEqual([long, long + long]);
    }
    expect(read(['["', 'z'.repeat(100), 'z"]']).seen[0]!.head).toBe('z'.repeat(64));
  });

  it('remembers names and types that came in pieces, but not endless ones', () => {
    const walk = read(['{"ty', 'pe":"te', 'xt","na', 'me', '":"v"}']).seen;
    expect(walk.at(-1)).toMatchObject({ text: 'v', path: 'name', type: 'text' });
    const endless = read([`{"${'n'.repeat(2000)}`, 'n'.repeat(2000), 'n":"v"}']).seen;
    expect(endless.at(-1)!.path).toBe('n'.repeat(2000));
  });

  it('pauses between elements, and goes on from there as often as one likes', () => {
    const bytes = Buffer.from('{"type":"t","list":[{"a":["x","y"]},{"a":"z"}],"end":"e"}');
    const walk = new JsonWalk();
    walk.wanted = -1;
    const seen: string[] = [];
    const offset = walk.push(bytes, 0, (start, end) => seen.push(bytes.toString('latin1', start, end)), bytes.indexOf('"x"'));
    // Not after "x": that is inside a message.
    expect(offset).toBe(bytes.indexOf('{"a":"z"}'));
    for (let again = 0; again < 2; again++) {
      const copy = walk.clone();
      copy.wanted = -1;
      const rest: string[] = [];
      copy.push(bytes, offset, (start, end) =>
        rest.push(`${copy.path().join('.')}:${copy.type()}:${bytes.toString('latin1', start, end)}`),
      );
      expect(rest).toEqual(['list.a:undefined:a', 'list.a:undefined:z', 'end:t:end', 'end:t:e']);
      expect(copy.complete).toBe(true);
    }
  });
});
