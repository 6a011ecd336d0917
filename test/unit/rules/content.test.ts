import { describe, expect, it } from 'vitest';
import { contentKind, looksLikeText } from '../../../src/rules/content.ts';

describe('what a body is', () => {
  it.each([
    ['application/json; charset=utf-8', 'json'],
    ['application/problem+json', 'json'],
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

  it('tells text from binary by its first bytes', () => {
    expect(looksLikeText(Buffer.from('{"a": "ü"}\n\tx'))).toBe(true);
    expect(looksLikeText(Buffer.from([0x89, 0x50, 0, 1]))).toBe(false);
    expect(looksLikeText(Buffer.from([1, 2, 3, 4, 5, 127]))).toBe(false);
    expect(looksLikeText(Buffer.alloc(0))).toBe(true);
  });
});
