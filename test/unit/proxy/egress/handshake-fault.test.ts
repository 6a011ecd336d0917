import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { handshakeFault } from '../../../../src/proxy/egress/handshake-fault.ts';

const error = (code: string, message = 'internal words at 10.0.0.7') => Object.assign(new Error(message), { code });

describe('handshakeFault', () => {
  test.each([
    ['CERT_HAS_EXPIRED', 'upstream-untrusted', 'certificate has expired'],
    ['ERR_SSL_EE_KEY_TOO_SMALL', 'upstream-untrusted', 'key too weak'],
    ['ECONNRESET', 'upstream-tls', 'closed during the handshake'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'upstream-tls', 'TLS version too old'],
    ['ERR_SSL_SOMETHING_NEW', 'upstream-tls', undefined],
  ])('%s', (code, fault, detail) => {
    const made = handshakeFault(error(code));
    expect(made).toMatchObject({ code: fault, detail });
    expect(made.message).not.toContain('10.0.0.7');
    expect((made.cause as NodeJS.ErrnoException).code).toBe(code);
  });

  test('words what Node has no code for', () => {
    expect(handshakeFault(error('UNSPECIFIED', 'EE certificate key too weak')).detail).toBe('key too weak');
    expect(handshakeFault(error('UNSPECIFIED', 'permitted subtree violation')).detail).toBe('permitted subtree violation');
  });

  test('an error without a code is a failed handshake, a Fault stays itself', () => {
    expect(handshakeFault(new Error('?'))).toMatchObject({ code: 'upstream-tls', detail: undefined });
    const fault = new Fault('upstream-untrusted', 'name does not match');
    expect(handshakeFault(fault)).toBe(fault);
  });
});
