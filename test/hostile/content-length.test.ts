// Checklist A1, A5, A6, A16, A20: a Content-Length is digits, once; whatever else it looks like, nobody gets to choose how to read it.
import { describe, test } from 'vitest';
import { DOORS, expectPassed, expectRefused, hostileStage } from '../support/hostile-stage.ts';

const stage = hostileStage();

const REFUSED = [
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: -0',
  'Content-Length: 0x5',
  'Content-Length: 0X5',
  'Content-Length: 5h',
  'Content-Length: 5_0',
  'Content-Length: 5e0',
  'Content-Length: 5.0',
  'Content-Length: 5 5',
  'Content-Length: 5, 5',
  'Content-Length: 5,5',
  'Content-Length: 5, 6',
  'Content-Length: 5,',
  'Content-Length: ,5',
  'Content-Length: 5;',
  'Content-Length: "5"',
  'Content-Length: five',
  'Content-Length:',
  'Content-Length: ',
  'Content-Length: \v5',
  'Content-Length: \f5',
  'Content-Length: \xa05',
  'Content-Length: 5\0',
  'Content-Length: \xb2',
  'Content-Length: 5\r\n 0',
  'Content-Length:\r\n 5',
  'Content-Length : 5',
  'Content-Length\t: 5',
  ' Content-Length: 5',
  'Content_Length: 5',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: 6\r\ncontent-length: 5',
  'Content-Length: 5\r\nContent-Length: 0',
  'Content-Length: 5\r\nContent_Length: 6',
  'Content-Length: 5\r\nContent-Length : 6',
  'Content-Length: 5\r\nContentLength: 6',
  'Content-Length: 9007199254740992',
  'Content-Length: 18446744073709551621',
  'Content-Length: 340282366920938463463374607431768211461',
  `Content-Length: ${'0'.repeat(40)}5`,
];

describe.each(DOORS)('by the door «%s»', (door) => {
  test.each(REFUSED)('%j', async (field) => {
    await expectRefused(
      stage,
      door,
      `POST {T}/x HTTP/1.1\r\nHost: {H}\r\n${field}\r\n\r\nhelloGET {T}/smuggled HTTP/1.1\r\nHost: {H}\r\n\r\n`,
    );
  });

  test.each(['GET', 'HEAD', 'TRACE', 'DELETE', 'OPTIONS', 'PURGE'])('a body on %s stays a body', async (method) => {
    const body = 'GET /smuggled HTTP/1.1\r\nHost: {H}\r\n\r\n';
    const head = `/x HTTP/1.1\r\nHost: {H}\r\nContent-Length: ${stage.fill(door, body).length}\r\n\r\n`;
    await expectPassed(stage, door, `${method} {T}${head}${body}`, `${method} ${head}${body}`);
  });

  test.each(['GET', 'HEAD', 'DELETE'])('chunks on %s stay a body', async (method) => {
    const rest = `/x HTTP/1.1\r\nHost: {H}\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nGET /sm\r\n0\r\n\r\n`;
    await expectPassed(stage, door, `${method} {T}${rest}`, `${method} ${rest}`);
  });

  test('a POST without length has no body: what follows is the next request', async () => {
    const first = '/x HTTP/1.1\r\nHost: {H}\r\n\r\n';
    const second = '/y HTTP/1.1\r\nHost: {H}\r\n\r\n';
    await expectPassed(stage, door, `POST {T}${first}GET {T}${second}`, `POST ${first}GET ${second}`, 2);
  });

  test.each(['Content-Length: 005', 'Content-Length:5', 'content-LENGTH: \t 5 \t'])('%j passes', async (field) => {
    const line = door === 'clear' ? field.replace(/:[ \t]*(.*?)[ \t]*$/, ': $1') : field;
    const rest = (text: string) => `/x HTTP/1.1\r\nHost: {H}\r\n${text}\r\n\r\nhello`;
    await expectPassed(stage, door, `POST {T}${rest(field)}`, `POST ${rest(line)}`);
  });
});
