// Everything that can end an exchange other than a reply: one closed table of codes. What goes on the wire is the
// public sentence and the code; the cause chain is for the log alone.

/** Who has to act for it to go away. */
export type FaultSource = 'client' | 'upstream' | 'rule' | 'self';
/** Whether trying the same again can help: never, on a fresh connection, or later. */
export type RetryClass = 'never' | 'fresh' | 'later';

interface FaultRow {
  readonly source: FaultSource;
  readonly status: number;
  readonly retry: RetryClass;
  readonly sentence: string;
}

/** The closed table. docs/errors.md is generated from it. */
export const FAULTS = {
  'bad-request': { source: 'client', status: 400, retry: 'never', sentence: 'The request is not valid HTTP and was not forwarded.' },
  'head-too-large': {
    source: 'client',
    status: 431,
    retry: 'never',
    sentence: 'The request head is larger than 128 KiB or has more than 500 fields.',
  },
  'client-slow': { source: 'client', status: 408, retry: 'fresh', sentence: 'The request did not arrive in time.' },
  'client-gone': { source: 'client', status: 499, retry: 'never', sentence: 'The client left before the reply was complete.' },
  'not-tls': {
    source: 'client',
    status: 400,
    retry: 'never',
    sentence: 'The tunnel to an intercepted host did not start with a TLS ClientHello.',
  },
  'proxy-auth': {
    source: 'client',
    status: 407,
    retry: 'never',
    sentence: 'This proxy asks for credentials: put them into the proxy URL.',
  },
  misdirected: {
    source: 'client',
    status: 421,
    retry: 'never',
    sentence: 'CONNECT target, TLS server name and Host do not name the same host.',
  },
  'target-refused': { source: 'rule', status: 403, retry: 'never', sentence: 'This target is not allowed through the proxy.' },
  'body-too-large': { source: 'rule', status: 413, retry: 'never', sentence: 'The body is larger than the limit for inspected bodies.' },
  'body-unreadable': {
    source: 'client',
    status: 400,
    retry: 'never',
    sentence: 'The body could not be decoded, so it could not be inspected.',
  },
  'rule-denied': { source: 'rule', status: 403, retry: 'never', sentence: 'A rule of this proxy refused the request.' },
  'rate-limited': {
    source: 'rule',
    status: 429,
    retry: 'later',
    sentence: 'More requests than this proxy lets through at present.',
  },
  'over-budget': { source: 'rule', status: 429, retry: 'later', sentence: 'A budget of the profile is used up.' },
  'idempotency-conflict': {
    source: 'client',
    status: 409,
    retry: 'never',
    sentence: 'Its idempotency key came with another body before; the request was not sent.',
  },
  'cooling-down': { source: 'upstream', status: 429, retry: 'later', sentence: 'The provider asked for a pause, which is not over.' },
  'breaker-open': {
    source: 'upstream',
    status: 503,
    retry: 'later',
    sentence: 'The provider keeps failing, so nothing is sent for a moment.',
  },
  'locked-out': {
    source: 'upstream',
    status: 404,
    retry: 'later',
    sentence: 'The provider keeps saying that this credential may not use this model; its own last answer is given.',
  },
  'upstream-unreachable': { source: 'upstream', status: 502, retry: 'later', sentence: 'The provider could not be reached.' },
  'upstream-untrusted': {
    source: 'upstream',
    status: 502,
    retry: 'never',
    sentence: "The provider's certificate was not accepted, nothing was sent.",
  },
  'upstream-tls': { source: 'upstream', status: 502, retry: 'later', sentence: 'The TLS handshake with the provider failed.' },
  'upstream-protocol': { source: 'upstream', status: 502, retry: 'later', sentence: "The provider's answer was not valid HTTP." },
  'upstream-cut': {
    source: 'upstream',
    status: 502,
    retry: 'later',
    sentence: 'The provider closed the connection before the answer was complete.',
  },
  'upstream-silent': {
    source: 'upstream',
    status: 504,
    retry: 'later',
    sentence: 'The provider sent nothing for longer than the idle limit.',
  },
  'reply-unreadable': { source: 'upstream', status: 502, retry: 'later', sentence: "The provider's answer could not be decoded." },
  'audit-failing': {
    source: 'self',
    status: 503,
    retry: 'later',
    sentence: 'Exchanges cannot be recorded at present, and this proxy is set to forward none that is not.',
  },
  'vault-locked': {
    source: 'self',
    status: 503,
    retry: 'later',
    sentence: 'The vault is locked and the key of the CA with it: this host cannot be intercepted, and is not passed through unguarded.',
  },
  'key-missing': { source: 'self', status: 502, retry: 'never', sentence: 'The key configured for this host could not be read.' },
  draining: { source: 'self', status: 503, retry: 'fresh', sentence: 'The proxy is shutting down.' },
  internal: { source: 'self', status: 500, retry: 'later', sentence: 'The proxy failed; see its log.' },
} as const satisfies Record<string, FaultRow>;

/** The name of a row of the table. */
export type FaultCode = keyof typeof FAULTS;

/** A typed failure. `detail` is public (it may go on the wire), so it never holds body text or secrets. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: string | undefined;
  /** How long until trying again can help, where that is known. */
  readonly retryAfterMs: number | undefined;
  constructor(code: FaultCode, detail?: string, options?: { readonly cause?: unknown; readonly retryAfterMs?: number }) {
    super(detail ? `${FAULTS[code].sentence} (${detail})` : FAULTS[code].sentence, options);
    this.name = 'Fault';
    this.code = code;
    this.detail = detail;
    this.retryAfterMs = options?.retryAfterMs;
  }
  /** The same in whole seconds, 1 or more, as Retry-After has it (RFC 9110 10.2.3). */
  get retryAfterSeconds(): number | undefined {
    return this.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(this.retryAfterMs / 1000));
  }
  get status(): number {
    return FAULTS[this.code].status;
  }
  get source(): FaultSource {
    return FAULTS[this.code].source;
  }
}

/** The reason of every abort by a client that left: made once, since clients leave often and nobody asks where. */
export const CLIENT_GONE: Fault = new Fault('client-gone');

/** The fault itself, or an `internal` one around anything else that was thrown. */
export function asFault(thrown: unknown): Fault {
  return thrown instanceof Fault ? thrown : new Fault('internal', undefined, { cause: thrown });
}
