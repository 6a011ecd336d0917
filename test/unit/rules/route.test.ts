// Which endpoint a request is for, and that CONNECT, SNI and Host name one host.
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import type { Fault } from '../../../src/fault.ts';
import type { RequestHead } from '../../../src/headers.ts';
import { anthropic } from '../../../src/rules/providers/anthropic.ts';
import { agrees, checkAgreement, routeOf } from '../../../src/rules/route.ts';

const api = parseAuthority('api.anthropic.com', 443);
const head = (method: string, target: string): RequestHead => ({ method, target, headers: [], authority: 'api.anthropic.com' });

describe('the route', () => {
  test('is the endpoint of method and path, the query left out', () => {
    const route = routeOf(api, anthropic, head('POST', '/v1/messages?beta=true'));
    expect(route).toMatchObject({ authority: api, provider: anthropic, endpoint: { name: 'messages' }, dialect: { name: 'anthropic' } });
    expect(routeOf(api, anthropic, head('POST', '/v1/messages#x')).endpoint?.name).toBe('messages');
  });

  test.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/messages/'],
    ['POST', '/V1/messages'],
    ['POST', '/v1/oauth/token/../../messages'],
    ['POST', '/v1/oauth/token%2f'],
    ['POST', '//v1/oauth/token'],
    ['OPTIONS', '*'],
  ])('of %s %s is the fallback', (method, target) => {
    const route = routeOf(api, anthropic, head(method, target));
    expect(route.endpoint).toBeUndefined();
    expect(route.dialect).toBe(anthropic.fallback);
  });
});

const refused = (sni: string | undefined, host: string, connect = api) => {
  try {
    checkAgreement(connect, sni, host);
    return false;
  } catch (thrown) {
    expect((thrown as Fault).code).toBe('misdirected');
    expect((thrown as Fault).message).not.toContain('evil');
    return true;
  }
};

describe('agreement', () => {
  test.each([
    ['api.anthropic.com', 'api.anthropic.com'],
    ['API.anthropic.com', 'Api.Anthropic.Com:443'],
    [undefined, 'api.anthropic.com'],
  ])('of SNI %s and Host %s', (sni, host) => {
    expect(refused(sni, host)).toBe(false);
  });

  test.each([
    ['api.anthropic.com', ''],
    ['api.anthropic.com', 'api.anthropic.com.'],
    ['api.anthropic.com', 'api.anthropic.com:8443'],
    ['api.anthropic.com', 'api.anthropic.com:'],
    ['api.anthropic.com', 'api.anthropic.com.evil.test'],
    ['api.anthropic.com', 'evil-api.anthropic.com'],
    ['api.anthropic.com', 'sub.api.anthropic.com'],
    ['api.anthropic.com', 'аpi.anthropic.com'],
    ['api.anthropic.com', 'api.anthropic.com evil.test'],
    ['api.anthropic.com', 'evil.test@api.anthropic.com'],
    ['api.anthropic.com', 'api.anthropic.com@evil.test'],
    ['api.anthropic.com.', 'api.anthropic.com'],
    ['evil.test', 'api.anthropic.com'],
    ['', 'api.anthropic.com'],
  ])('is missing between SNI %j and Host %j', (sni, host) => {
    expect(refused(sni, host)).toBe(true);
  });

  test('of an address needs the same address and no SNI', () => {
    const v6 = parseAuthority('[::1]:8443');
    expect(refused(undefined, '[0:0::1]:8443', v6)).toBe(false);
    expect(refused(undefined, '[::1]', v6)).toBe(false);
    expect(refused('::1', '[::1]', v6)).toBe(true);
    expect(refused(undefined, '[::2]', v6)).toBe(true);
    const v4 = parseAuthority('127.0.0.1:8443');
    expect(refused('127.0.0.1', '127.0.0.1', v4)).toBe(true);
    expect(refused(undefined, '0x7f.0.0.1', v4)).toBe(true);
  });

  test('says which of the two differed', () => {
    expect(() => checkAgreement(api, 'evil.test', 'api.anthropic.com')).toThrow(/TLS server name/);
    expect(() => checkAgreement(api, undefined, 'evil.test')).toThrow(/\(Host\)/);
  });

  test('as a question does not throw', () => {
    expect(agrees(api, 'api.anthropic.com')).toBe(true);
    expect(agrees(api, 'not a host')).toBe(false);
  });
});
