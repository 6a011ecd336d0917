// Deno, which takes further roots from DENO_CERT.
// Must not fetch anything but the probe.
import type { Runtime } from '../runtime.ts';

const PROGRAM = 'await Deno.stdout.write(new Uint8Array(await (await fetch(Deno.args.at(-1))).arrayBuffer()));';

/** Deno. */
export const deno: Runtime = {
  name: 'deno',
  files: ['deno'],
  probe: ({ url }) => ({ args: ['eval', '--no-config', PROGRAM, url], environment: { DENO_NO_UPDATE_CHECK: '1' } }),
  fix: 'DENO_CERT names the CA, or DENO_TLS_CA_STORE=system where the system trusts it',
};
