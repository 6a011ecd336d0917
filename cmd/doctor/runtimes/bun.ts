// Bun, which Claude Code, opencode and amp carry within them.
// Must not let a project's own settings in: it runs in an empty folder.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `
const reply = await fetch(process.argv.at(-1), { proxy: process.env.HTTPS_PROXY, tls: { rejectUnauthorized: true } });
process.stdout.write(await reply.text());
`;

/** Bun. */
export const bun: Runtime = {
  name: 'bun',
  files: ['bun'],
  probe: ({ url }) => ({ args: ['-e', PROGRAM, url] }),
  fix: 'NODE_EXTRA_CA_CERTS or SSL_CERT_FILE names the CA',
};
