// The Node in PATH, whichever it is: gemini, qwen, pi and other CLIs run on it.
// Must be plain enough for old ones, and must verify whatever NODE_TLS_REJECT_UNAUTHORIZED says.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `
const http = require('http'), tls = require('tls');
const host = process.argv[1], proxy = new URL(process.env.HTTPS_PROXY);
const fail = (error) => { console.error(error.code || error.message); process.exit(1); };
const words = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
const headers = words === ':' ? {} : { 'proxy-authorization': 'Basic ' + Buffer.from(words).toString('base64') };
const options = { host: proxy.hostname.replace(/^\\[|\\]$/g, ''), port: proxy.port, method: 'CONNECT', path: host + ':443', headers, agent: false };
http.request(options).on('error', fail).on('connect', (reply, socket) => {
  if (reply.statusCode !== 200) fail(new Error('CONNECT ' + reply.statusCode));
  const secure = tls.connect({ socket, servername: host, rejectUnauthorized: true });
  secure.on('error', fail).on('secureConnect', () => secure.write('GET / HTTP/1.1\\r\\nHost: ' + host + '\\r\\n\\r\\n')).pipe(process.stdout);
}).end();
`;

/** Node. */
export const node: Runtime = {
  name: 'node',
  files: ['node', 'nodejs'],
  probe: ({ host }) => ({ args: ['-e', PROGRAM, host] }),
  fix: 'NODE_EXTRA_CA_CERTS names the CA; look whether NODE_OPTIONS has a flag that this Node does not know',
};
