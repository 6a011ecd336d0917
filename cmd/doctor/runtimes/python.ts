// Python with its own ssl module. Packages that bring roots along (requests, httpx with certifi) take REQUESTS_CA_BUNDLE or SSL_CERT_FILE.
// Must not read a folder's modules or the user's Python variables.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `
import ssl, sys, urllib.request
context = ssl.create_default_context()
sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=30, context=context).read().decode())
`;

/** Python 3. */
export const python: Runtime = {
  name: 'python',
  files: ['python3', 'python'],
  probe: ({ url }) => ({ args: ['-I', '-', url], input: PROGRAM }),
  fix: 'SSL_CERT_FILE and REQUESTS_CA_BUNDLE name a bundle with the CA',
};
