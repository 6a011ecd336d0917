// Checklist A1 to A4: whatever spelling hides a Transfer-Encoding, nobody further on may read it while we do not, or the other way round.
import { describe, test } from 'vitest';
import { DOORS, expectPassed, expectRefused, hostileStage } from '../support/hostile-stage.ts';

const stage = hostileStage();

// Spellings that some server has taken for `Transfer-Encoding: chunked` and another has not.
const SPELLINGS = [
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunkedx',
  'Transfer-Encoding: chunk',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: identity',
  'Transfer-Encoding: cow',
  'Transfer-Encoding:',
  'Transfer-Encoding: chun\tked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: \tchunked',
  'Transfer-Encoding:  chunked',
  'Transfer-Encoding: chunked\t',
  'Transfer-Encoding: \vchunked',
  'Transfer-Encoding: \fchunked',
  'Transfer-Encoding: chunked\v',
  'Transfer-Encoding: \0chunked',
  'Transfer-Encoding: chunked\0',
  'Transfer-Encoding: chunked\x7f',
  'Transfer-Encoding: \x85chunked',
  'Transfer-Encoding: \xa0chunked',
  'Transfer-Encoding: chunked\xa0',
  'Transfer-Encoding: \xffchunked',
  'Transfer-Encoding: c\xfeunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  'Transfer-Encoding\v: chunked',
  'Transfer-Encoding\0: chunked',
  'Transfer-Encoding\n: chunked',
  'Transfer-Encoding\r\n: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding:\n chunked',
  'Transfer-Encoding: chunked\r\n\tx',
  ' Transfer-Encoding: chunked',
  '\tTransfer-Encoding: chunked',
  '\0Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\ntransfer-encoding: x',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\n\rTransfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'X: y\r\n\rTransfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer.Encoding: chunked',
  'TransferEncoding: chunked',
  "Transfer-Encoding': chunked",
  'Transfer Encoding: chunked',
  'Transfer-Encod\xefng: chunked',
  '"Transfer-Encoding": chunked',
  'Transfer-Encoding; chunked',
  'Transfer-Encoding chunked',
  'Transfer-Encoding',
  ': chunked',
];
const SMUGGLED = 'GET {T}/smuggled HTTP/1.1\r\nHost: {H}\r\n\r\n';

describe.each(DOORS)('by the door «%s»', (door) => {
  test.each(SPELLINGS)('%j alone', async (field) => {
    await expectRefused(stage, door, `POST {T}/x HTTP/1.1\r\nHost: {H}\r\n${field}\r\n\r\n5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`);
  });

  test.each(SPELLINGS)('%j behind a Content-Length', async (field) => {
    const body = `0\r\n\r\n${SMUGGLED}`;
    const length = stage.fill(door, body).length;
    await expectRefused(stage, door, `POST {T}/x HTTP/1.1\r\nHost: {H}\r\nContent-Length: ${length}\r\n${field}\r\n\r\n${body}`);
  });

  test.each([
    ['Content-Length first', 'Content-Length: 6\r\nTransfer-Encoding: chunked'],
    ['Content-Length last', 'Transfer-Encoding: chunked\r\nContent-Length: 6'],
    ['Content-Length 0', 'Content-Length: 0\r\nTransfer-Encoding: chunked'],
    ['the right length', 'Transfer-Encoding: chunked\r\nContent-Length: 5'],
  ])('both lengths: %s', async (_name, fields) => {
    await expectRefused(stage, door, `POST {T}/x HTTP/1.1\r\nHost: {H}\r\n${fields}\r\n\r\n0\r\n\r\nX${SMUGGLED}`);
  });

  test.each(['Connection: keep-alive\r\n', ''])('in HTTP/1.0 (%j)', async (more) => {
    await expectRefused(stage, door, `POST {T}/x HTTP/1.0\r\nHost: {H}\r\n${more}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`);
  });

  test.each(['Connection: Transfer-Encoding', 'Connection: close, transfer-encoding', 'Connection: Content-Length'])(
    'a body does not lose its framing by «%s»',
    async (field) => {
      const framing = field.endsWith('Length') ? 'Content-Length: 3\r\n\r\nabc' : 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
      const kept = field.includes('close') ? 'Connection: close\r\n' : '';
      await expectPassed(
        stage,
        door,
        `POST {T}/x HTTP/1.1\r\nHost: {H}\r\n${field}\r\n${framing}`,
        `POST /x HTTP/1.1\r\nHost: {H}\r\n${kept}${framing}`,
      );
    },
  );

  test.each(['Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'TRANSFER-ENCODING: Chunked'])('%j passes', async (field) => {
    const bytes = (line: string) => `/x HTTP/1.1\r\nHost: {H}\r\n${line}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    // A head whose target changes is written anew, with one blank behind each colon.
    await expectPassed(stage, door, `POST {T}${bytes(field)}`, `POST ${bytes(door === 'clear' ? field.replace(/: */, ': ') : field)}`);
  });
});
