// openssl's own client, with the roots that SSL_CERT_FILE names or that were built in.
// Must not put the proxy's password among its arguments.
import type { Runtime } from '../runtime.ts';

/** openssl. */
export const openssl: Runtime = {
  name: 'openssl',
  files: ['openssl'],
  probe: ({ host, proxy }) => {
    const user = proxy.username === '' ? [] : ['-proxy_user', decodeURIComponent(proxy.username), '-proxy_pass', 'env:SALLYPORT_PROBE'];
    return {
      args: ['s_client', '-quiet', '-verify_return_error', '-servername', host, '-proxy', proxy.host, ...user, '-connect', `${host}:443`],
      input: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      environment: user.length > 0 ? { SALLYPORT_PROBE: decodeURIComponent(proxy.password) } : {},
    };
  },
  fix: 'SSL_CERT_FILE names a bundle with the CA',
};
