// A probe of `sallyport doctor`: TLS with a leaf of the CA, one fixed answer, the end. Only a client that has verified the leaf gets
// to ask. Nothing is dialled, nothing is recorded, and nothing of the request is looked at.
import type { Socket } from 'node:net';
import { asFault } from '../../fault.ts';
import { PROBE_ANSWER } from '../../probe-host.ts';
import type { House } from '../house.ts';
import { renderHead } from '../wire/head.ts';
import { readHeadBytes } from '../wire/read-head.ts';
import { Wire } from '../wire/wire.ts';
import type { Target } from './aim.ts';
import { linger } from './h1.ts';
import { finish } from './unwrap.ts';

const BODY = Buffer.from(PROBE_ANSWER, 'latin1');
const HEAD = renderHead('HTTP/1.1 200 OK', [
  'Content-Type',
  'text/plain',
  'Content-Length',
  String(BODY.length),
  'Cache-Control',
  'no-store',
  'Connection',
  'close',
]);
const LINGER_MS = 1000;

/** Serves a probe to its end. Never throws: a client that does not trust the CA is what the probe is there to find. */
export async function answerProbe(house: House, client: Wire, raw: Socket, target: Target): Promise<void> {
  const { headMs } = house.options.limits();
  raw.unshift(client.release());
  try {
    const inner = await finish(house, raw, target, 'http/1.1');
    inner.on('error', () => undefined);
    const wire = new Wire(inner, raw);
    const patience = { sender: 'client', firstByteMs: headMs, headMs, late: 'client-slow', cutOff: 'client-gone' } as const;
    if (!(await readHeadBytes(wire, { ...patience, tooLarge: 'head-too-large' }))) return wire.destroy();
    wire.write(Buffer.concat([HEAD, BODY]));
    linger(wire, LINGER_MS);
  } catch (thrown) {
    house.log.debug({ fault: asFault(thrown).code }, 'a probe ended without a request');
    raw.destroy();
  }
}
