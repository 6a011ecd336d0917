import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import type { Fault } from '../../../../src/fault.ts';
import { insideTarget } from '../../../../src/proxy/ingress/inside.ts';
import { parseRequestHead } from '../../../../src/proxy/wire/head.ts';

const here = parseAuthority('api.example.test:443');
const head = (line: string, host = 'api.example.test') => parseRequestHead(Buffer.from(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
const code = (act: () => unknown) => {
  try {
    act();
  } catch (thrown) {
    return (thrown as Fault).code;
  }
  return undefined;
};

describe('request targets inside a tunnel', () => {
  it('takes a path and the asterisk as they are', () => {
    expect(insideTarget(head('GET /v1/x?y=1'), here).target).toBe('/v1/x?y=1');
    expect(insideTarget(head('OPTIONS *'), here).target).toBe('*');
  });

  it('turns the same origin spelled out into a path', () => {
    expect(insideTarget(head('GET https://api.example.test/v1/x'), here).target).toBe('/v1/x');
    expect(insideTarget(head('GET https://API.example.test:443'), here).target).toBe('/');
    expect(insideTarget(head('OPTIONS https://api.example.test'), here).target).toBe('*');
  });

  it.each(['https://evil.test/', 'http://api.example.test/', 'https://api.example.test:444/'])('refuses %s', (target) => {
    expect(code(() => insideTarget(head(`GET ${target}`), here))).toBe('misdirected');
  });

  it('refuses CONNECT', () => {
    expect(code(() => insideTarget(head('CONNECT other.test:443', 'other.test:443'), here))).toBe('bad-request');
  });
});
