// Says so, in one line with the remedy, when a client does not take our certificate, and counts each time. Retries say nothing
// new: one line a minute for a host and a kind of client. Must not know how a handshake is made.
import type { House } from '../house.ts';

/** Whose handshake failed. */
export interface FailedClient {
  /** The host our certificate was for. */
  readonly host: string;
  /** JA4 of its hello: tells one kind of client from another. */
  readonly ja4: string;
}

const QUIET_MS = 60_000;
const MAX_REMEMBERED = 256;
const ALERT = /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/;
// Node and Bun check a certificate after OpenSSL's or BoringSSL's handshake and then just close, by FIN or RST.
const LEFT = new Set(['client-gone', 'ECONNRESET', 'EPIPE']);

const said = new WeakMap<House, Map<string, number>>();

/** `cause` is what ended a handshake in which our certificate was already sent, or the connection after it. `during`: the handshake was not finished. */
export function explainFailure(house: House, { host, ja4 }: FailedClient, cause: unknown, during: boolean): void {
  const code = String((cause as { code?: unknown } | undefined)?.code ?? '');
  const alert = ALERT.test(code);
  // When we shut down, it is we who leave.
  if (!alert && !(during && LEFT.has(code) && !house.draining())) {
    house.log.debug({ host, code }, 'the TLS handshake with the client failed');
    return;
  }
  house.count('rejected');
  if (!isNews(house, `${host} ${ja4}`)) return;
  const what = alert
    ? 'the client does not trust our CA'
    : 'the client left on seeing our certificate, as Node and Bun do when they do not trust our CA';
  const remedy = 'start it with «sallyport run -- …», or set what «sallyport env» prints';
  const variables = 'NODE_EXTRA_CA_CERTS for Node and Bun, CODEX_CA_CERTIFICATE for Codex';
  house.log.warn({ host }, `${what}: ${remedy} (${variables}); the CA is ${house.options.certs().caPath}`);
}

function isNews(house: House, key: string): boolean {
  const now = house.options.now();
  const times = said.get(house) ?? new Map<string, number>();
  said.set(house, times);
  const before = times.get(key);
  // On either side of a clock's jump.
  if (before !== undefined && Math.abs(now - before) < QUIET_MS) return false;
  times.delete(key);
  times.set(key, now);
  if (times.size > MAX_REMEMBERED) times.delete(times.keys().next().value!);
  return true;
}
