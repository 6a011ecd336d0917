// Gives the errors of a TLS handshake their Fault and public words. Knows OpenSSL's and Node's names for them, nothing else.
// It must not know the connection it happened on.
import { Fault } from '../../fault.ts';

const UNTRUSTED: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown issuer: self-signed certificate in the chain',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown issuer',
  CERT_SIGNATURE_FAILURE: 'wrong signature in the chain',
  CERT_CHAIN_TOO_LONG: 'chain too long',
  CERT_REVOKED: 'certificate has been revoked',
  INVALID_CA: 'an issuer in the chain is no CA',
  PATH_LENGTH_EXCEEDED: 'chain longer than its CA allows',
  INVALID_PURPOSE: 'a certificate is used for what it is not meant for',
  CERT_UNTRUSTED: 'unknown issuer',
  CERT_REJECTED: 'a certificate is used for what it is not meant for',
  HOSTNAME_MISMATCH: 'name does not match',
  ERR_SSL_EE_KEY_TOO_SMALL: 'key too weak',
  ERR_SSL_CA_KEY_TOO_SMALL: 'key too weak',
  ERR_SSL_CA_MD_TOO_WEAK: 'signed with a weak algorithm',
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: 'certificate could not be verified',
};

// Verification results that Node has no name for come as UNSPECIFIED with OpenSSL's own sentence.
const SENTENCES: Readonly<Record<string, string>> = {
  'CA signature digest algorithm too weak': 'signed with a weak algorithm',
  'CA certificate key too weak': 'key too weak',
  'EE certificate key too weak': 'key too weak',
  'key usage does not include certificate signing': 'an issuer in the chain is no CA',
};

const FAILED: Readonly<Record<string, string>> = {
  ERR_TLS_DH_PARAM_SIZE: 'Diffie-Hellman group too small',
  ERR_SSL_DH_KEY_TOO_SMALL: 'Diffie-Hellman group too small',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'TLS version too old',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'no TLS version in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'no cipher suite in common',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'no cipher suite in common',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the answer was not TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the answer was not TLS',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'a client certificate is demanded',
  ECONNRESET: 'closed during the handshake',
  EPIPE: 'closed during the handshake',
};

/** The Fault for what tls.connect reported: `upstream-untrusted` for certificates, `upstream-tls` for the rest. A Fault stays itself. */
export function handshakeFault(error: Error): Fault {
  if (error instanceof Fault) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const untrusted = UNTRUSTED[code];
  if (untrusted) return new Fault('upstream-untrusted', untrusted, { cause: error });
  if (code === 'UNSPECIFIED') return new Fault('upstream-untrusted', SENTENCES[error.message] ?? error.message, { cause: error });
  return new Fault('upstream-tls', FAILED[code], { cause: error });
}
