// Rust, by cargo. A program made with rustls reads SSL_CERT_FILE and the system's store, or carries roots of its own that nothing adds to.
// Must leave nothing in the user's cargo home.
import type { Runtime } from '../runtime.ts';

/** cargo. */
export const cargo: Runtime = {
  name: 'cargo',
  files: ['cargo'],
  probe: ({ host }) => ({
    args: ['search', '--index', `sparse+https://${host}/`, '--limit', '1', 'x'],
    environment: { CARGO_HOME: '.', CARGO_NET_RETRY: '0' },
  }),
  // It got as far as the answer, which is no index.
  provenBy: ({ stderr }) => /\bat line 1 column \d/.test(stderr),
  fix: 'CARGO_HTTP_CAINFO names a bundle with the CA',
};
