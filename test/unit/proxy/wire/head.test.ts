// Reliability checklist, group A (smuggling) and B (hostile replies): which heads are refused, which odd ones still pass.
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { findHeadEnd, isHopeless, parseReplyHead, parseRequestHead, renderHead } from '../../../../src/proxy/wire/head.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const request = (text: string) => parseRequestHead(latin1(text));
const post = (fields: string, version = '1.1') => request(`POST /v1/messages HTTP/${version}\r\nHost: a.test\r\n${fields}\r\n`);
const reply = (text: string, method = 'POST') => parseReplyHead(latin1(text), method);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.code;
    throw thrown;
  }
  return 'passed';
}

// Every one of these has been read as "chunked" by some server and as something else by another.
const OBFUSCATED = [
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunkedx',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: chunked; a=b',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: \vchunked',
  'Transfer-Encoding: \fchunked',
  'Transfer-Encoding: \0chunked',
  'Transfer-Encoding: chunked\v',
  'Transfer-Encoding: chunked\f',
  'Transfer-Encoding: chunked\0',
  'Transfer-Encoding: chunked\x7f',
  'Transfer-Encoding: \x85chunked',
  'Transfer-Encoding: \xa0chunked',
  'Transfer-Encoding: chunked\xa0',
  'Transfer-Encoding: chun\tked',
  'Transfer-Encoding: chunk',
  'Transfer-Encoding: c\xfeunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding:',
  'Transfer-Encoding: ',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  '\tTransfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding:\n chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding\0: chunked',
  '\0Transfer-Encoding: chunked',
  'Transfer-Encoding\v: chunked',
  'Transfer-Encod\xefng: chunked',
  '"Transfer-Encoding": chunked',
  'Transfer-Encoding; chunked',
  'Transfer-Encoding chunked',
  ': chunked',
];

const LENGTHS = [
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'Content-Length: 0\r\nTransfer-Encoding: chunked',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: 5, 5',
  'Content-Length: 5,',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 0x5',
  'Content-Length: 5_0',
  'Content-Length: 5e1',
  'Content-Length: 5.0',
  'Content-Length: 5 5',
  'Content-Length: five',
  'Content-Length:',
  'Content-Length: "5"',
  'Content-Length: \v5',
  'Content-Length: 5\0',
  'Content-Length: \xb2',
  'Content-Length : 5',
  'Content_Length: 5',
  'Content-Length: 9007199254740992',
  'Content-Length: 18446744073709551621',
  `Content-Length: ${'0'.repeat(400)}5`,
];

describe('smuggling in the framing fields', () => {
  it.each(OBFUSCATED)('refuses %j in requests and replies', (field) => {
    expect(codeOf(() => post(`${field}\r\n`))).toBe('bad-request');
    expect(codeOf(() => reply(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`))).toBe('upstream-protocol');
  });
  it.each(LENGTHS)('refuses %j in requests and replies', (field) => {
    expect(codeOf(() => post(`${field}\r\n`))).toBe('bad-request');
    expect(codeOf(() => reply(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`))).toBe('upstream-protocol');
  });
  it('refuses Transfer-Encoding in HTTP/1.0', () => {
    expect(codeOf(() => post('Transfer-Encoding: chunked\r\n', '1.0'))).toBe('bad-request');
    expect(codeOf(() => reply('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))).toBe('upstream-protocol');
  });
  it.each(['chunked', 'Chunked', 'CHUNKED'])('takes the single value %j', (value) => {
    expect(post(`Transfer-Encoding: ${value}\r\n`).framing).toEqual({ kind: 'chunked' });
  });
  it.each(['\tchunked', 'chunked\t', 'chunked ', ' chunked'])('takes %j from an upstream, not from a client', (value) => {
    expect(codeOf(() => post(`Transfer-Encoding: ${value}\r\n`))).toBe('bad-request');
    expect(reply(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${value}\r\n\r\n`).framing.kind).toBe('chunked');
  });
  it.each([
    ['0', 0],
    ['5', 5],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('takes Content-Length %s', (value, length) => {
    expect(post(`cOnTent-lEngth: ${value}\r\n`).framing).toEqual({ kind: 'length', length });
  });
});

describe('malformed request heads', () => {
  const heads: [string, string][] = [
    ['no line', '\r\n\r\n'],
    ['two empty lines first', '\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['bare LF lines', 'GET / HTTP/1.1\nHost: a.test\n\n'],
    ['one bare LF', 'GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n'],
    ['bare CR', 'GET / HTTP/1.1\r\nHost: a.test\rX: y\r\n\r\n'],
    ['CR CR LF', 'GET / HTTP/1.1\r\r\nHost: a.test\r\n\r\n'],
    ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nHost: a.test\r\nX: a\x7fb\r\n\r\n'],
    ['fold', 'GET / HTTP/1.1\r\nHost: a.test\r\nX: a\r\n b\r\n\r\n'],
    ['fold on the first field', 'GET / HTTP/1.1\r\n Host: a.test\r\n\r\n'],
    ['name with space', 'GET / HTTP/1.1\r\nHost: a.test\r\nX Y: a\r\n\r\n'],
    ['name with a slash', 'GET / HTTP/1.1\r\nHost: a.test\r\nX/Y: a\r\n\r\n'],
    ['name not ASCII', 'GET / HTTP/1.1\r\nHost: a.test\r\nX\xe9: a\r\n\r\n'],
    ['space before colon', 'GET / HTTP/1.1\r\nHost : a.test\r\n\r\n'],
    ['no colon', 'GET / HTTP/1.1\r\nHost: a.test\r\nX\r\n\r\n'],
    ['no end', 'GET / HTTP/1.1\r\nHost: a.test\r\n'],
    ['bytes after the end', 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n'],
    ['empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
    ['Host with a list', 'GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n'],
    ['Host with userinfo', 'GET / HTTP/1.1\r\nHost: u@a.test\r\n\r\n'],
    ['Host with a path', 'GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n'],
    ['Host with a bad port', 'GET / HTTP/1.1\r\nHost: a.test:99999\r\n\r\n'],
    ['Host with a space', 'GET / HTTP/1.1\r\nHost: a test\r\n\r\n'],
    ['two Hosts in 1.0', 'GET / HTTP/1.0\r\nHost: a.test\r\nHost: b.test\r\n\r\n'],
    ['empty Host in 1.0', 'GET / HTTP/1.0\r\nHost: \r\n\r\n'],
    ['no Host in absolute form', 'GET http://a.test/ HTTP/1.1\r\n\r\n'],
    ['no Host in authority form', 'CONNECT a.test:443 HTTP/1.1\r\n\r\n'],
    ['two Hosts in authority form', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n'],
    ['HTTP/1.10', 'GET / HTTP/1.10\r\nHost: a.test\r\n\r\n'],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a.test\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\nHost: a.test\r\n\r\n'],
    ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: a.test\r\n\r\n'],
    ['HTTP/01.1', 'GET / HTTP/01.1\r\nHost: a.test\r\n\r\n'],
    ['lower-case version', 'GET / http/1.1\r\nHost: a.test\r\n\r\n'],
    ['version with a blank', 'GET / HTTP/1.1 \r\nHost: a.test\r\n\r\n'],
    ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['tab', 'GET\t/ HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['leading space', ' GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['method no token', 'GE(T / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['method not ASCII', 'G\xc9T / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['space in the target', 'GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['control byte in the target', 'GET /a\x01b HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['DEL in the target', 'GET /a\x7f HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['target not ASCII', 'GET /\xe9 HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['fragment', 'GET /a#b HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['relative target', 'GET a HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['asterisk without OPTIONS', 'GET * HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['other scheme', 'GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['absolute with userinfo', 'GET http://a.test@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['absolute without host', 'GET http:///a HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['absolute with a backslash', 'GET http://a.test\\@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['CONNECT without port', 'CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['CONNECT with a path', 'CONNECT a.test:443/ HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['CONNECT with a scheme', 'CONNECT https://a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['CONNECT with userinfo', 'CONNECT u:p@a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['CONNECT with a body', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n'],
    ['CONNECT with chunks', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['lower-case connect', 'connect a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\r\n\r\n'],
    ['nothing', ''],
  ];
  it.each(heads)('refuses %s', (_name, text) => {
    expect(codeOf(() => request(text))).toBe('bad-request');
  });
  it('refuses too many fields as too large', () => {
    expect(codeOf(() => request(`GET / HTTP/1.1\r\nHost: a.test\r\n${'a: b\r\n'.repeat(500)}\r\n`))).toBe('head-too-large');
  });
});

describe('odd but valid requests', () => {
  it('keeps bytes, names, order and duplicates', () => {
    const text =
      'POST /v1/m?x=1 HTTP/1.1\r\nhOsT:a.test\r\nX-Empty:\r\nX-Two: 1 \r\nx-two:\t 2\r\nX-Obs: \xfcber\r\ncontent-length: 3\r\n\r\n';
    const head = request(text);
    expect(head.headers).toEqual(['hOsT', 'a.test', 'X-Empty', '', 'X-Two', '1', 'x-two', '2', 'X-Obs', '\xfcber', 'content-length', '3']);
    expect(head.bytes.toString('latin1')).toBe(text);
    expect(head).toMatchObject({ method: 'POST', target: '/v1/m?x=1', path: '/v1/m?x=1', form: 'origin', version: '1.1', keepAlive: true });
    expect(head).toMatchObject({ framing: { kind: 'length', length: 3 }, expectContinue: false, upgrade: [], connection: [] });
  });
  it('leaves one empty line before the request out of the bytes', () => {
    const head = request('\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(head.bytes.toString('latin1')).toBe('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  });
  it.each(['GET', 'HEAD', 'TRACE', 'DELETE', 'PROPFIND', 'M-SEARCH', "x!#$%&'*+-.^_`|~9"])('keeps a body on %s', (method) => {
    const head = request(`${method} / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n`);
    expect(head).toMatchObject({ method, framing: { kind: 'length', length: 5 } });
    expect(request(`${method} / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n`).framing.kind).toBe('chunked');
  });
  it('has no body without a length', () => {
    expect(post('').framing).toEqual({ kind: 'none' });
  });
  it.each([
    ['a.test', 'a.test', 443],
    ['A.Test:8443', 'a.test', 8443],
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]', '::1', 443],
  ])('reads Host %s', (value, host, port) => {
    expect(request(`GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`).host).toMatchObject({ host, port });
  });
  it('lets the caller say which port a Host without one means', () => {
    expect(parseRequestHead(latin1('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'), 8443).host?.port).toBe(8443);
  });
  it('reads the four forms', () => {
    const form = (line: string) => request(`${line} HTTP/1.1\r\nHost: h.test\r\n\r\n`);
    expect(form('CONNECT a.test:8443')).toMatchObject({ form: 'authority', authority: { host: 'a.test', port: 8443 }, path: '' });
    expect(form('CONNECT a.test:8443').host).toMatchObject({ host: 'h.test', port: 8443 });
    expect(form('OPTIONS *')).toMatchObject({ form: 'asterisk', path: '*', authority: undefined });
    expect(form('GET http://a.test')).toMatchObject({ form: 'absolute', scheme: 'http', path: '/', authority: { port: 80 } });
    expect(form('GET HTTPS://A.test/x?y')).toMatchObject({ scheme: 'https', path: '/x?y', authority: { host: 'a.test', port: 443 } });
    expect(form('GET http://a.test:81?y')).toMatchObject({ path: '/?y', authority: { port: 81 } });
    expect(form('OPTIONS http://a.test')).toMatchObject({ path: '*' });
    expect(form('GET http://a.test/')).toMatchObject({ host: { host: 'h.test', port: 80 } });
    expect(form('GET /')).toMatchObject({ scheme: undefined, authority: undefined });
  });
  it('takes a CONNECT that says its body is empty, and one in HTTP/1.0 without Host', () => {
    expect(request('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n').framing).toEqual({ kind: 'none' });
    expect(request('CONNECT a.test:443 HTTP/1.0\r\n\r\n').host).toBeUndefined();
  });
  it.each(['Content-Length: 7', 'Transfer-Encoding: chunked'])('refuses an interim reply with %s', (field) => {
    for (const status of ['100', '101', '103'])
      expect(codeOf(() => reply(`HTTP/1.1 ${status} X\r\n${field}\r\n\r\n`))).toBe('upstream-protocol');
  });
  it('knows when the connection stays', () => {
    expect(post('Connection: Close\r\n').keepAlive).toBe(false);
    expect(post('Connection: x-a ,\tCLOSE\r\n')).toMatchObject({ keepAlive: false, connection: ['x-a', 'close'] });
    expect(post('', '1.0').keepAlive).toBe(false);
    expect(post('Connection: keep-alive\r\n', '1.0').keepAlive).toBe(true);
    expect(post('Connection: keep-alive\r\nConnection: close\r\n', '1.0').keepAlive).toBe(false);
    expect(post('Connection: \xa0close\r\n').connection).toEqual(['\xa0close']);
  });
  it('reads Expect and Upgrade only where they mean something', () => {
    expect(post('Expect: 100-Continue\r\n').expectContinue).toBe(true);
    expect(post('Expect: 100-continue\r\n', '1.0').expectContinue).toBe(false);
    expect(post('Connection: Upgrade\r\nUpgrade: WebSocket, h2c\r\n').upgrade).toEqual(['websocket', 'h2c']);
    expect(post('Upgrade: websocket\r\n').upgrade).toEqual([]);
    expect(post('Connection: upgrade\r\nUpgrade: websocket\r\n', '1.0').upgrade).toEqual([]);
  });
  it('takes long heads and 500 fields, and spaces without quadratic cost', () => {
    const long = request(`GET /${'a'.repeat(60_000)} HTTP/1.1\r\nHost: a.test\r\nX: ${' '.repeat(60_000)}b${' '.repeat(6000)}c\r\n\r\n`);
    expect(long.headers[3]).toHaveLength(6002);
    expect(request(`GET / HTTP/1.1\r\nHost: a.test\r\n${'a: b\r\n'.repeat(499)}\r\n`).headers).toHaveLength(1000);
  });
});

describe('replies', () => {
  it.each([
    ['no status line', '\r\n\r\n'],
    ['not HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['other version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['lower case', 'http/1.1 200 OK\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 X\r\n\r\n'],
    ['status of two digits', 'HTTP/1.1 20 X\r\n\r\n'],
    ['status of four digits', 'HTTP/1.1 2000 X\r\n\r\n'],
    ['signed status', 'HTTP/1.1 +20 X\r\n\r\n'],
    ['two spaces', 'HTTP/1.1  200 X\r\n\r\n'],
    ['empty line first', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
    ['bare CR', 'HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n'],
    ['bare LF', 'HTTP/1.1 200 OK\nX: a\n\n'],
    ['fold', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n'],
    ['no colon', 'HTTP/1.1 200 OK\r\nX\r\n\r\n'],
  ])('refuses %s', (_name, text) => {
    expect(codeOf(() => reply(text))).toBe('upstream-protocol');
  });
  it('keeps the status phrase and the bytes', () => {
    const text = 'HTTP/1.1 200 Sehr  gut\r\nsErver: x\r\nContent-Length: 2\r\n\r\n';
    expect(reply(text)).toMatchObject({
      status: 200,
      reason: 'Sehr  gut',
      version: '1.1',
      headers: ['sErver', 'x', 'Content-Length', '2'],
    });
    expect(reply(text).bytes.toString('latin1')).toBe(text);
    expect(reply('HTTP/1.1 200\r\n\r\n').reason).toBe('');
    expect(reply('HTTP/1.1 999 \r\n\r\n')).toMatchObject({ status: 999, reason: '' });
  });
  const framing = (status: string, fields = '', method = 'POST') => reply(`HTTP/1.1 ${status} X\r\n${fields}\r\n`, method).framing;
  it('frames by RFC 9112 6.3', () => {
    expect(framing('200')).toEqual({ kind: 'until-close' });
    expect(framing('200', 'Content-Length: 7\r\n')).toEqual({ kind: 'length', length: 7 });
    expect(framing('200', 'Transfer-Encoding: Chunked\r\n')).toEqual({ kind: 'chunked' });
    for (const status of ['100', '101', '103']) expect(framing(status, 'Content-Length: 0\r\n')).toEqual({ kind: 'none' });
    for (const status of ['204', '304']) expect(framing(status, 'Content-Length: 7\r\n')).toEqual({ kind: 'none' });
    expect(framing('200', 'Content-Length: 7\r\n', 'HEAD')).toEqual({ kind: 'none' });
    expect(framing('200', 'Transfer-Encoding: chunked\r\n', 'CONNECT')).toEqual({ kind: 'none' });
    expect(framing('407', 'Content-Length: 7\r\n', 'CONNECT')).toEqual({ kind: 'length', length: 7 });
  });
  it('knows when the connection stays and what was upgraded to', () => {
    expect(reply('HTTP/1.1 200 OK\r\n\r\n').keepAlive).toBe(false);
    expect(reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').keepAlive).toBe(true);
    expect(reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n').keepAlive).toBe(false);
    expect(reply('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n').keepAlive).toBe(false);
    expect(reply('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade).toEqual(['websocket']);
    expect(reply('HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n').upgrade).toEqual([]);
  });
});

describe('findHeadEnd', () => {
  it('waits for the empty line and points past it', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\nbody';
    for (let n = 0; n <= 31; n++) expect(findHeadEnd(latin1(text.slice(0, n)))).toBe(-1);
    expect(findHeadEnd(latin1(text))).toBe(text.length - 4);
    expect(findHeadEnd(latin1(text), 31)).toBe(text.length - 4);
  });
  it.each(['GET / HTTP/1.1\nHost: a', 'GET /\r', '\x16\x03\x01', 'GET \0', '\n'])('ends the wait at once on %j', (text) => {
    const bytes = latin1(`${text}x`);
    const end = findHeadEnd(bytes);
    expect(end).toBeGreaterThan(0);
    expect(codeOf(() => parseRequestHead(bytes.subarray(0, end)))).toBe('bad-request');
  });
  it('sees a bare LF that arrives first in the next piece', () => {
    expect(findHeadEnd(latin1('GET / HTTP/1.1\r'), 0)).toBe(-1);
    expect(findHeadEnd(latin1('GET / HTTP/1.1\r\n'), 15)).toBe(-1);
    expect(findHeadEnd(latin1('GET / HTTP/1.1\n'), 14)).toBe(15);
  });
});

describe('isHopeless', () => {
  it.each([
    ['client', '\r\nGET /a HTTP/1.1\r\nHost: a.test\r\nX-Y:\r\n'],
    ['upstream', 'HTTP/1.1 200 OK\r\nServer: x\r\nY:z\r\n'],
  ] as const)('has patience with what a %s may still complete', (sender, text) => {
    for (let n = 1; n <= text.length; n++) {
      for (let from = 0; from <= n; from++) expect(isHopeless(latin1(text.slice(0, n)), sender, from), `${n} ${from}`).toBe(false);
    }
  });
  it.each([
    ['client', 'GET /\r\n'],
    ['client', 'GET / HTTP/2.0\r\n'],
    ['client', '\r\n{"a"'],
    ['client', '(GET'],
    ['client', 'GET / HTTP/1.1\r\nHost'.concat('\r\n')],
    ['client', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n'],
    ['client', 'GET / HTTP/1.1\r\nHost : a\r\n'],
    ['upstream', 'SSH-2'],
    ['upstream', 'hello'],
    ['upstream', 'HTTP/2'],
    ['upstream', 'HTTP/1.1 OK\r\n'],
    ['upstream', 'HTTP/1.1 200 OK\r\nX\r\n'],
  ] as const)('gives up on %s %j, in one piece or in many', (sender, text) => {
    expect(isHopeless(latin1(text), sender)).toBe(true);
    const pieces = Array.from(text, (_, n) => isHopeless(latin1(text.slice(0, n + 1)), sender, Math.max(0, n - 3)));
    expect(pieces).toContain(true);
  });
});

describe('renderHead', () => {
  it('writes one line a field in latin1', () => {
    expect(renderHead('GET / HTTP/1.1', ['hOst', 'a', 'X', '\xfc', 'E', '']).toString('latin1')).toBe(
      'GET / HTTP/1.1\r\nhOst: a\r\nX: \xfc\r\nE: \r\n\r\n',
    );
  });
  it.each([
    ['GET / HTTP/1.1\r\nX: y', []],
    ['GET / HTTP/1.1', ['X', 'a\r\nY: b']],
    ['GET / HTTP/1.1', ['X', 'a\nb']],
    // U+010A would become a line feed in latin1.
    ['GET / HTTP/1.1', ['X', 'a\u010ab']],
    ['GET / HTTP/1.1', ['X: y', 'a']],
    ['GET / HTTP/1.1', [':path', 'a']],
    ['GET / HTTP/1.1', ['', 'a']],
  ])('refuses to write %j %j', (line, headers) => {
    expect(codeOf(() => renderHead(line, headers))).toBe('internal');
  });
});
