import { describe, expect, it } from 'vitest';
import { endToEnd } from '../../../src/proxy/hop.ts';

describe('fields of one hop', () => {
  it('gives the same array when nothing belongs to the hop, so that the head keeps its bytes', () => {
    const headers = ['Host', 'a.test', 'Connection', 'keep-alive', 'X-A', '1'];
    expect(endToEnd(headers, false)).toBe(headers);
  });

  it('takes out proxy fields, keep-alive, te and our own prefix, whatever their case', () => {
    const headers = [
      'Host',
      'a.test',
      'Proxy-Authorization',
      'x',
      'proxy-connection',
      'keep-alive',
      'Keep-Alive',
      'timeout=5',
      'TE',
      'trailers',
      'X-Sallyport-Rule',
      'off',
    ];
    expect(endToEnd(headers, false)).toEqual(['Host', 'a.test']);
  });

  it('takes out what Connection names, and the option with it', () => {
    expect(endToEnd(['Connection', 'close, X-Private', 'X-Private', '1', 'X-B', '2'], false)).toEqual(['Connection', 'close', 'X-B', '2']);
    expect(endToEnd(['Connection', 'X-Private', 'X-Private', '1'], false)).toEqual([]);
  });

  it('never lets Connection take away fields meant for the origin', () => {
    const out = endToEnd(
      ['Connection', 'authorization, x-api-key, content-length', 'Authorization', 'Bearer k', 'X-Api-Key', 'k', 'Content-Length', '3'],
      false,
    );
    expect(out).toEqual(['Authorization', 'Bearer k', 'X-Api-Key', 'k', 'Content-Length', '3']);
  });

  it('keeps Upgrade for WebSocket only', () => {
    const headers = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
    expect(endToEnd(headers, true)).toBe(headers);
    expect(endToEnd(['Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAA'], false)).toEqual([]);
  });

  it('joins the options left over into the first Connection field', () => {
    expect(endToEnd(['Connection', 'close', 'A', '1', 'Connection', 'A'], false)).toEqual(['Connection', 'close']);
  });
});
