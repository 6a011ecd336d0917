// The archive is one that HAR readers take: every member that HAR 1.2 asks for, and no body.
import { expect, test } from 'vitest';
import { harArchive } from '../../../../cmd/audit/har.ts';
import { exchangeEntry } from '../../../../src/store/audit/entry.ts';
import { exchange } from '../../../support/exchange-record.ts';

const archive = (...all: Parameters<typeof exchange>[]) =>
  JSON.parse(
    [
      ...harArchive(
        all.map((one, i) => ({ seq: i, mac: Buffer.alloc(32), ...exchangeEntry(exchange(...one)) })),
        '1.2.3',
      ),
    ].join(''),
  );

test('an empty log is an archive too', () => {
  expect(archive()).toEqual({ log: { version: '1.2', creator: { name: 'sallyport', version: '1.2.3' }, entries: [] } });
});

test('an entry has all that the format asks for', () => {
  const [entry, second] = archive([1], [2, { scheme: 'http', host: '::1', port: 8080, protocol: 'http/1.1' }]).log.entries;
  expect(entry).toMatchObject({
    startedDateTime: '2023-11-14T22:13:21.000Z',
    time: 12.25,
    cache: {},
    timings: { send: 0, wait: 12.25, receive: 0 },
  });
  expect(Object.keys(entry.request).sort()).toEqual([
    'bodySize',
    'cookies',
    'headers',
    'headersSize',
    'httpVersion',
    'method',
    'queryString',
    'url',
  ]);
  expect(Object.keys(entry.response).sort()).toEqual([
    'bodySize',
    'content',
    'cookies',
    'headers',
    'headersSize',
    'httpVersion',
    'redirectURL',
    'status',
    'statusText',
  ]);
  expect(entry.request.url).toBe('https://api.example.com/v1/messages');
  expect(second.request).toMatchObject({ url: 'http://[::1]:8080/v1/messages', httpVersion: 'HTTP/1.1' });
});
