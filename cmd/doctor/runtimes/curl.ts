// curl, and with it what is built on its library.
// Must not read ~/.curlrc, which may name another proxy or switch verification off.
import type { Runtime } from '../runtime.ts';

/** curl. */
export const curl: Runtime = {
  name: 'curl',
  files: ['curl'],
  probe: ({ url }) => ({ args: ['-q', '-sS', url] }),
  fix: 'CURL_CA_BUNDLE or SSL_CERT_FILE names a bundle with the CA',
};
