// Checklist A10 to A15 and A18 to A20: what is not one well-formed head is refused, at once and not by a time-out, and valid odd ones pass.
import { describe, expect, test } from 'vitest';
import { CLEAR, DOORS, expectPassed, expectRefused, hostileStage, VICTIM } from '../support/hostile-stage.ts';

const stage = hostileStage();
const MORE = 'GET {T}/smuggled HTTP/1.1\r\nHost: {H}\r\n\r\n';

const FIELDS: readonly (readonly [string, string])[] = [
  ['a name with a space', 'X Y: a\r\n'],
  ['a name with a tab', 'X\tY: a\r\n'],
  ['a name ended by a space', 'X : a\r\n'],
  ['a name with a slash', 'X/Y: a\r\n'],
  ['a name with brackets', 'X[0]: a\r\n'],
  ['a name with a quote', '"X": a\r\n'],
  ['a name that is not ASCII', 'X\xe9: a\r\n'],
  ['a name with a NUL', 'X\0: a\r\n'],
  ['a name with a CR', 'X\r: a\r\n'],
  ['a name with an LF', 'X\n: a\r\n'],
  ['no name', ': a\r\n'],
  ['no colon', 'X\r\n'],
  ['no colon, but a value', 'X a\r\n'],
  ['a NUL in a value', 'X: a\0b\r\n'],
  ['a NUL at the end of a value', 'X: a\0\r\n'],
  ['a bell in a value', 'X: a\x07b\r\n'],
  ['an escape in a value', 'X: \x1b[2J\r\n'],
  ['a DEL in a value', 'X: a\x7fb\r\n'],
  ['a bare CR in a value', 'X: a\rb\r\n'],
  ['a bare CR that hides a field', 'X: a\rContent-Length: 5\r\n'],
  ['a bare LF in a value', 'X: a\nb: c\r\n'],
  ['a bare LF for a line end', 'X: a\n'],
  ['CR CR LF', 'X: a\r\r\n'],
  ['LF CR', 'X: a\n\rY: b\r\n'],
  ['a fold', 'X: a\r\n b\r\n'],
  ['a fold with a tab', 'X: a\r\n\tb\r\n'],
  ['a fold that hides a field', 'X: a\r\n Content-Length: 5\r\n'],
  ['a fold of nothing', 'X: a\r\n \r\n'],
  ['a blank line with a space', ' \r\n'],
];

// Whole heads; {L} is the target's beginning, {H} the host.
const HEADS: readonly (readonly [string, string])[] = [
  ['lines ended by LF', 'GET {T}/x HTTP/1.1\nHost: {H}\n\n'],
  ['a first line ended by LF', 'GET {T}/x HTTP/1.1\nHost: {H}\r\n\r\n'],
  ['a last line ended by LF', 'GET {T}/x HTTP/1.1\r\nHost: {H}\r\n\n'],
  ['lines ended by CR', 'GET {T}/x HTTP/1.1\rHost: {H}\r\r'],
  ['a fold on the first line', 'GET {T}/x HTTP/1.1\r\n Host: {H}\r\n\r\n'],
  ['a space before the request', ' GET {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['two spaces', 'GET  {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['two spaces before the version', 'GET {T}/x  HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['tabs', 'GET\t{T}/x\tHTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a space behind the version', 'GET {T}/x HTTP/1.1 \r\nHost: {H}\r\n\r\n'],
  ['two versions', 'GET {T}/x HTTP/1.1 HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['HTTP/0.9', 'GET {T}/x\r\n'],
  ['HTTP/0.9 with a head', 'GET {T}/x\r\nHost: {H}\r\n\r\n'],
  ['HTTP/0.9 that says so', 'GET {T}/x HTTP/0.9\r\nHost: {H}\r\n\r\n'],
  ['HTTP/1.2', 'GET {T}/x HTTP/1.2\r\nHost: {H}\r\n\r\n'],
  ['HTTP/1.10', 'GET {T}/x HTTP/1.10\r\nHost: {H}\r\n\r\n'],
  ['HTTP/1', 'GET {T}/x HTTP/1\r\nHost: {H}\r\n\r\n'],
  ['HTTP/1.', 'GET {T}/x HTTP/1.\r\nHost: {H}\r\n\r\n'],
  ['HTTP/01.1', 'GET {T}/x HTTP/01.1\r\nHost: {H}\r\n\r\n'],
  ['HTTP/+1.1', 'GET {T}/x HTTP/+1.1\r\nHost: {H}\r\n\r\n'],
  ['HTTP/2', 'GET {T}/x HTTP/2\r\nHost: {H}\r\n\r\n'],
  ['HTTP/2.0', 'GET {T}/x HTTP/2.0\r\nHost: {H}\r\n\r\n'],
  ['HTTP/3.0', 'GET {T}/x HTTP/3.0\r\nHost: {H}\r\n\r\n'],
  ['http/1.1', 'GET {T}/x http/1.1\r\nHost: {H}\r\n\r\n'],
  ['HTTPS/1.1', 'GET {T}/x HTTPS/1.1\r\nHost: {H}\r\n\r\n'],
  ['ICAP/1.0', 'GET {T}/x ICAP/1.0\r\nHost: {H}\r\n\r\n'],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['no method', '{T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a method with brackets', 'GE(T {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a method with a colon', 'GET: {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a method that is not ASCII', 'G\xc9T {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a method with a NUL', 'GET\0 {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a space in the target', 'GET {T}/a b HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a tab in the target', 'GET {T}/a\tb HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a NUL in the target', 'GET {T}/a\0b HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a control byte in the target', 'GET {T}/a\x01b HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a DEL in the target', 'GET {T}/a\x7f HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a CR in the target', 'GET {T}/a\rb HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a target that is not ASCII', 'GET {T}/\xe9 HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a fragment', 'GET {T}/a#b HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a relative target', 'GET x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['an asterisk with GET', 'GET * HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['no target', 'GET HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['another scheme', 'GET ftp://{H}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['file:', 'GET file:///etc/passwd HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['userinfo in the target', 'GET http://a@{H}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a backslash in the target', 'GET http://evil.example\\@{H}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['no Host', 'GET {T}/x HTTP/1.1\r\n\r\n'],
  ['an empty Host', 'GET {T}/x HTTP/1.1\r\nHost:\r\n\r\n'],
  ['two Hosts', 'GET {T}/x HTTP/1.1\r\nHost: {H}\r\nHost: evil.example\r\n\r\n'],
  ['the same Host twice', 'GET {T}/x HTTP/1.1\r\nHost: {H}\r\nHost: {H}\r\n\r\n'],
  ['two Hosts in HTTP/1.0', 'GET {T}/x HTTP/1.0\r\nHost: {H}\r\nhost: evil.example\r\n\r\n'],
  ['a list in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}, evil.example\r\n\r\n'],
  ['a blank in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H} evil.example\r\n\r\n'],
  ['userinfo in Host', 'GET {T}/x HTTP/1.1\r\nHost: a@{H}\r\n\r\n'],
  ['a path in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}/y\r\n\r\n'],
  ['a fragment in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}#y\r\n\r\n'],
  ['a port out of range in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}:99999\r\n\r\n'],
  ['port nought in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}:0\r\n\r\n'],
  ['letters for a port in Host', 'GET {T}/x HTTP/1.1\r\nHost: {H}:https\r\n\r\n'],
  ['a name before Host that ends in it', 'GET {T}/x HTTP/1.1\r\nHost : {H}\r\n\r\n'],
  ['two empty lines first', '\r\n\r\nGET {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a bare LF first', '\nGET {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a NUL first', '\0GET {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ['a reply', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['JSON', '{"model":"x"}\r\n'],
  ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['SMTP', 'EHLO evil.example\r\n'],
];

describe.each(DOORS)('by the door «%s»', (door) => {
  test.each(FIELDS)('refused: %s', async (_name, field) => {
    await expectRefused(stage, door, `GET {T}/x HTTP/1.1\r\nHost: {H}\r\n${field}\r\n${MORE}`);
  });

  // The connection stays open and nothing more comes: the answer may not wait for it.
  test.each(HEADS)('refused at once: %s', async (_name, head) => {
    const began = performance.now();
    await expectRefused(stage, door, head);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test.each(HEADS.filter(([, head]) => !head.startsWith('\r\n')))('refused with something behind it: %s', async (_name, head) => {
    await expectRefused(stage, door, `${head}${MORE}`);
  });

  test.each([
    ['a header of 200 KB', `X: ${'a'.repeat(200_000)}\r\n`],
    ['a name of 200 KB', `${'X'.repeat(200_000)}: a\r\n`],
    ['200 KB of headers', `X: ${'a'.repeat(1000)}\r\n`.repeat(200)],
    ['600 headers', 'X: a\r\n'.repeat(600)],
    ['20000 headers', 'X: a\r\n'.repeat(20_000)],
  ])('too large: %s', async (_name, fields) => {
    await expectRefused(stage, door, `GET {T}/x HTTP/1.1\r\nHost: {H}\r\n${fields}\r\n${MORE}`, 431);
  });

  test('too large: a target of 200 KB', async () => {
    await expectRefused(stage, door, `GET {T}/${'a'.repeat(200_000)} HTTP/1.1\r\nHost: {H}\r\n\r\n`, 431);
  });

  test('too large: a header that never ends', async () => {
    await expectRefused(stage, door, `GET {T}/x HTTP/1.1\r\nHost: {H}\r\nX: ${'a'.repeat(1 << 20)}`, 431);
  });

  test('large, but not too large', async () => {
    const fields = `X: ${'a'.repeat(60_000)}\r\n${'Y: b\r\n'.repeat(400)}`;
    const rest = `/${'p'.repeat(30_000)} HTTP/1.1\r\nHost: {H}\r\n${fields}\r\n`;
    await expectPassed(stage, door, `GET {T}${rest}`, `GET ${rest}`);
  });

  test.each([
    ['an empty line first', '\r\nGET {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n', 'GET /x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
    ['an odd method', 'M-SEARCH! {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n', 'M-SEARCH! /x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
    ['a lower-case method', 'get {T}/x HTTP/1.1\r\nHost: {H}\r\n\r\n', 'get /x HTTP/1.1\r\nHost: {H}\r\n\r\n'],
    [
      'an odd target',
      "GET {T}//a/../%00%2f;x='{}|^`?b??c HTTP/1.1\r\nHost: {H}\r\n\r\n",
      "GET //a/../%00%2f;x='{}|^`?b??c HTTP/1.1\r\nHost: {H}\r\n\r\n",
    ],
    [
      'empty and doubled fields',
      'GET {T}/x HTTP/1.1\r\nX: \r\nHost: {H}\r\nx: 1\r\nX: 2\r\n\r\n',
      'GET /x HTTP/1.1\r\nX: \r\nHost: {H}\r\nx: 1\r\nX: 2\r\n\r\n',
    ],
    [
      'bytes above ASCII in a value',
      'GET {T}/x HTTP/1.1\r\nHost: {H}\r\nX: \xe9\xff\x80\r\n\r\n',
      'GET /x HTTP/1.1\r\nHost: {H}\r\nX: \xe9\xff\x80\r\n\r\n',
    ],
    ['a tab in a value', 'GET {T}/x HTTP/1.1\r\nHost: {H}\r\nX: a\tb\r\n\r\n', 'GET /x HTTP/1.1\r\nHost: {H}\r\nX: a\tb\r\n\r\n'],
    [
      'odd token characters',
      "GET {T}/x HTTP/1.1\r\nHost: {H}\r\n!#$%&'*+-.^_`|~: a\r\n\r\n",
      "GET /x HTTP/1.1\r\nHost: {H}\r\n!#$%&'*+-.^_`|~: a\r\n\r\n",
    ],
    ['OPTIONS in asterisk form', 'OPTIONS {A} HTTP/1.1\r\nHost: {H}\r\n\r\n', 'OPTIONS * HTTP/1.1\r\nHost: {H}\r\n\r\n'],
  ])('passes: %s', async (_name, text, upstream) => {
    await expectPassed(stage, door, text.replace('{A}', door === 'clear' ? '{T}' : '*'), upstream);
  });

  test('a request of HTTP/1.0 stays one', async () => {
    const seen = await stage.send(door, 'GET {T}/x HTTP/1.0\r\nHost: {H}\r\n\r\n');
    expect(seen.replies[0]!.body.toString()).toBe('GET /x ');
    expect(seen.upstream).toEqual([stage.fill(door, 'GET /x HTTP/1.0\r\nHost: {H}\r\n\r\n')]);
    await stage.others(door);
  });

  test('two requests in one write are two, in order', async () => {
    const get = (path: string) => `${path} HTTP/1.1\r\nHost: {H}\r\n\r\n`;
    const text = [1, 2, 3, 4, 5].map((n) => `GET {T}${get(`/${n}`)}`).join('');
    const seen = await expectPassed(stage, door, text, [1, 2, 3, 4, 5].map((n) => `GET ${get(`/${n}`)}`).join(''), 5);
    expect(seen.replies.map((r) => r.body.toString())).toEqual([1, 2, 3, 4, 5].map((n) => `GET /${n} `));
  });
});

test('absolute form beats Host and rewrites it', async () => {
  await expectPassed(
    stage,
    'clear',
    `GET http://${CLEAR}/x HTTP/1.1\r\nX-First: 1\r\nhOST: ${VICTIM}:8443\r\n\r\n`,
    `GET /x HTTP/1.1\r\nX-First: 1\r\nhOST: ${CLEAR}\r\n\r\n`,
  );
});

test.each(['http://CLEAR.example.test/x', `HTTP://${CLEAR}:80/x`, `http://${CLEAR}:080/x`])(
  'absolute form in another spelling: %s',
  async (target) => {
    await expectPassed(stage, 'clear', `GET ${target} HTTP/1.1\r\nHost: x.test\r\n\r\n`, `GET /x HTTP/1.1\r\nHost: ${CLEAR}\r\n\r\n`);
  },
);

test('absolute form without a path asks for the root', async () => {
  await expectPassed(
    stage,
    'clear',
    `GET http://${CLEAR}?q HTTP/1.1\r\nHost: x.test\r\n\r\n`,
    `GET /?q HTTP/1.1\r\nHost: ${CLEAR}\r\n\r\n`,
  );
});
