import { describe, expect, it } from 'vitest';
import { contentKind, isConversation, isWideText, looksLikeText, startsLikeJson } from '../../../src/rules/content.ts';

describe('what a body is', () => {
  it.each([
    ['application/json; charset=utf-8', 'json'],
    ['application/problem+json', 'json'],
    ['application/x-amz-json-1.0', 'json'],
    ['text/event-stream', 'sse'],
    ['application/vnd.amazon.eventstream', 'frames'],
    ['text/plain', 'text'],
    ['multipart/form-data; boundary=x', 'text'],
    ['application/x-www-form-urlencoded', 'form'],
    ['application/x-ndjson', 'lines'],
    ['image/png', 'media'],
    ['application/connect+json', 'media'],
    ['application/grpc+proto', 'media'],
    ['application/octet-stream', 'unknown'],
    ['', 'unknown'],
  ])('%s is %s', (type, kind) => {
    expect(contentKind(['Content-Type', type])).toBe(kind);
  });

  it('is unknown without a type', () => {
    expect(contentKind([])).toBe('unknown');
  });

  // JSON behind more than 64 blanks was taken for the picture that its type said it was.
  it.each<[string, string, boolean | undefined]>([
    ['an object', '{"a":1}', true],
    ['an array', '[', true],
    ['blanks before it', `${' \t\r\n'.repeat(500)}{`, true],
    ['a mark before it', '\ufeff {', true],
    ['blanks alone', ' \n'.repeat(100), undefined],
    ['nothing', '', undefined],
    ['a mark alone', '\ufeff', undefined],
    ['a word', ' x{', false],
    ['a string', '"{', false],
  ])('begins like JSON or does not: %s', (_, text, begins) => {
    expect(startsLikeJson(Buffer.from(text))).toBe(begins);
  });

  it('waits for the rest of a mark, and takes no half of one for it', () => {
    expect(startsLikeJson(Buffer.from([0xef, 0xbb]))).toBe(undefined);
    expect(startsLikeJson(Buffer.from([0xef, 0xbb, 0x7b]))).toBe(false);
  });

  it('sees wide JSON behind many blanks in what its type calls media', () => {
    expect(isWideText(['Content-Type', 'image/png'], Buffer.from(`${' '.repeat(40)}{"a":1}`, 'utf16le'))).toBe(true);
    expect(isWideText(['Content-Type', 'image/png'], Buffer.from('ab'.repeat(40), 'utf16le'))).toBe(false);
  });

  it('tells text from binary by its first bytes', () => {
    expect(looksLikeText(Buffer.from('{"a": "ü"}\n\tx'))).toBe(true);
    expect(looksLikeText(Buffer.from([0x89, 0x50, 0, 1]))).toBe(false);
    expect(looksLikeText(Buffer.from([1, 2, 3, 4, 5, 127]))).toBe(false);
    expect(looksLikeText(Buffer.alloc(0))).toBe(true);
  });
});

it('a conversation is told by its type', () => {
  for (const type of ['application/connect+json', 'application/grpc', 'Application/gRPC-web+proto']) {
    expect(isConversation(['Content-Type', type])).toBe(true);
  }
  expect(isConversation(['Content-Type', 'application/json'])).toBe(false);
  expect(isConversation([])).toBe(false);
});

// Text in UTF-16 passed unseen.
describe('text in UTF-16 or UTF-32', () => {
  const json = '{"to":"bob@example.test"}';
  const le16 = Buffer.from(json, 'utf16le');
  const le32 = Buffer.from(Uint32Array.from(json, (char) => char.charCodeAt(0)).buffer);
  const marked = (hex: string, bytes: Buffer) => Buffer.concat([Buffer.from(hex, 'hex'), bytes]);
  const wide = [
    le16,
    Buffer.from(le16).swap16(),
    le32,
    Buffer.from(le32).swap32(),
    marked('fffe', le16),
    marked('feff', Buffer.from(le16).swap16()),
    marked('fffe0000', le32),
    marked('0000feff', Buffer.from(le32).swap32()),
  ];
  const type = (value: string) => ['Content-Type', value];

  it.each(['application/json', 'text/plain', 'application/octet-stream', 'image/png', ''])('is told by its bytes under type %j', (name) => {
    for (const bytes of wide) expect(isWideText(type(name), bytes)).toBe(true);
    expect(isWideText(type(name), Buffer.from(json))).toBe(false);
  });

  it('is told by its charset, whatever the bytes', () => {
    expect(isWideText(type('application/json; charset=UTF-16LE'), Buffer.from('汉字汉字', 'utf16le'))).toBe(true);
    expect(isWideText(type('text/plain;charset="utf-32"'), Buffer.alloc(0))).toBe(true);
    expect(isWideText(type('application/json; charset=utf-8'), Buffer.from(json))).toBe(false);
  });

  it('is no binary', () => {
    for (const bytes of [[], [0], [0, 0, 0, 0, 0], [0, 0, 0, 0x20, 0x66, 0x74, 0x79, 0x70], [0x5b, 0, 0, 0, 1, 2], [1, 0, 2, 0, 3, 0]]) {
      expect(isWideText([], Buffer.from(bytes))).toBe(false);
    }
    expect(isWideText(type('audio/L16'), Buffer.from([0x20, 0, 0x21, 0]))).toBe(false);
    expect(isWideText(type('audio/mpeg'), Buffer.from([0xff, 0xfe, 0x41, 0x41]))).toBe(false);
  });
});
