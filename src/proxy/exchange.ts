// The nouns that travel through phases 4 to 10. A Line is one exchange's two ends whatever protocol carries it;
// conduct drives it and never sees a socket.

import type { Authority } from '../authority.ts';
import type { EqualityGrade } from '../exchange-record.ts';
import type { Fault, FaultCode } from '../fault.ts';
import type { RawHeaders, ReplyHead, RequestHead } from '../headers.ts';
import type { Finding } from '../rules/guardrail.ts';
import type { Injected } from '../rules/masking/scrub.ts';
import type { Policy } from '../rules/policy.ts';
import type { Profile } from '../rules/profile.ts';
import type { Dialect, Route } from '../rules/provider.ts';
import type { AwsKey, SigV4 } from '../rules/sigv4.ts';
import type { Usage } from '../rules/usage.ts';

/** A client that was let in. */
export interface Guest {
  readonly profile: string;
  /** Throws Fault proxy-auth once what let it in no longer holds. */
  readonly recheck: () => void;
  /** One object a connection, whoever comes in on it. */
  readonly marks?: ConnectionMarks;
  /** The program at the other end; left out where nobody can tell. */
  readonly program?: Program;
}

/** When phases 1 to 3 of a connection had ended, monotonic ms; undefined: not come to. The first time where requests are let in one by one. */
export interface ConnectionMarks {
  /** When the socket came in. */
  readonly openedAt: number;
  accept: number | undefined;
  aim: number | undefined;
  unwrap: number | undefined;
}

/** The program that a client is: looked for once somebody asks, and known some time after that. */
export interface Program {
  ask(): void;
  readonly found: { readonly pid: number; readonly name: string } | undefined;
}

/** What is known of the connection an exchange came in on (phases 1 to 3). */
export interface ConnectionFacts extends Guest {
  /** What CONNECT, the absolute-form target or SOCKS5 named. */
  readonly authority: Authority;
  readonly scheme: 'https' | 'http';
  /** SNI of the client's hello, lower case; undefined without hello or without SNI. */
  readonly sni: string | undefined;
  /** The request came in absolute form on the proxy port: there was no tunnel, and no hello. */
  readonly isAbsolute?: true;
  readonly equality: EqualityGrade;
  /** Fingerprints of both legs for `sallyport fidelity`. */
  readonly tls: TlsFacts | undefined;
  /** The HTTP/2 preface of both legs; undefined over HTTP/1. */
  readonly h2?: Http2Facts;
}

/** SETTINGS in wire order as id and value, and what the connection window grew by. */
export interface Http2Facts {
  readonly client: readonly (readonly [id: number, value: number])[];
  readonly upstream: readonly (readonly [id: number, value: number])[];
  readonly windowIncrement: number;
}

/** Fingerprints of both TLS legs. */
export interface TlsFacts {
  readonly client: { readonly ja3: string; readonly ja4: string } | undefined;
  readonly upstream: { readonly ja3: string; readonly ja4: string } | undefined;
  readonly alpn: string | undefined;
  readonly version: string;
  readonly differs: readonly string[];
}

/** What phase 7 (arm) hands to phase 8 (send). */
export interface OutgoingRequest {
  readonly head: RequestHead;
  /** False: the head leaves with the bytes it came in. */
  readonly headChanged: boolean;
  /** Whether it is to be brought to its end though its client leaves, since others need the answer; asked when it leaves. */
  readonly outlivesClient?: () => boolean;
  /**
   * 'stream': relay as it comes, its beginning once `held` lets go of it; `watch` sees each piece after that and may throw to stop it.
   * Otherwise the collected body, edited or not. Either way `trailers` is asked once, when the last of them is there.
   */
  readonly body: { readonly trailers?: TrailerEdit } & (
    | { readonly kind: 'stream'; readonly held?: HeldBody; readonly watch?: (piece: Buffer) => void }
    | { readonly kind: 'whole'; readonly bytes: Buffer; readonly changed: boolean }
  );
}

/** An answer that is all there, framed by its Content-Length and without fields of a hop. */
export interface WholeReply {
  readonly head: ReplyHead;
  readonly body: Buffer;
}

/** The trailer fields that leave for those that came: the same array for the same. May throw to stop the request. */
export type TrailerEdit = (came: RawHeaders) => RawHeaders;

/** The beginning of a streamed body of no announced length, which stays back while it may turn out to be all of it. The head does not. */
export interface HeldBody {
  /** Sees each piece. False: what was read leaves now, and the rest as it comes. */
  take(piece: Buffer): boolean;
  /** Nothing follows (`isAll`) or nothing more is wanted: what to send for all that was taken, undefined for the same. May throw to stop it. */
  release(isAll: boolean): Promise<Buffer | undefined>;
}

/** How a reply body is relayed. `settle` is called once behind the last of it, however it ends, and resolves when all of that was seen. */
export type ReplyPlan = { readonly settle?: () => Promise<void> } & (
  | RawPlan
  | { readonly kind: 'transform'; readonly transform: BodyTransform }
  | { readonly kind: 'whole'; readonly maxBytes: number; readonly edit: (bytes: Buffer) => Promise<Buffer> | Buffer }
);

/** The reply's own bytes. `watch` sees the payload as it passes. */
export interface RawPlan {
  readonly kind: 'raw';
  readonly watch?: (piece: Buffer) => void;
  readonly settle?: () => Promise<void>;
}

/** A streaming edit of a body. `push` may hold bytes back, `end` gives what was held. */
export interface BodyTransform {
  push(piece: Buffer): Promise<Buffer> | Buffer;
  end(): Promise<Buffer> | Buffer;
  /** What a client may still hear when a rule has ended the reply: the error as the stream carries it. */
  lastWords?(fault: Fault): Promise<Buffer> | Buffer;
  close(): void;
}

/** One message relay per direction once a WebSocket is open. */
export interface MessagePlan {
  readonly fromClient: (payload: Buffer, isText: boolean) => Buffer | readonly Buffer[] | undefined;
  readonly fromUpstream: (payload: Buffer, isText: boolean) => Buffer | readonly Buffer[] | undefined;
  readonly maxMessageBytes: number;
}

/** Both ends of one exchange. Methods are called in this order, each at most once; `fail` at any time. */
export interface Line {
  readonly protocol: 'http/1.1' | 'h2';
  readonly head: RequestHead;
  /** Whether a request body was announced. */
  readonly hasBody: boolean;
  /** Announced length, undefined when chunked or none. */
  readonly bodyLength: number | undefined;
  /** The client asks to switch to WebSocket (RFC 6455 4.1, RFC 8441). */
  readonly wantsWebSocket: boolean;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** The whole request body as on the wire. Fault body-too-large past `maxBytes`, client-gone, client-slow, bad-request. */
  collect(maxBytes: number): Promise<Buffer>;
  /** Starts sending; a streamed body goes on in the background. Faults upstream-*. */
  send(out: OutgoingRequest): Promise<void>;
  /** The final reply head; interim replies have been relayed. Faults upstream-*. */
  receive(): Promise<ReplyHead>;
  /** Relays head and body to the end. Faults upstream-*, client-gone. */
  relay(head: ReplyHead, plan: ReplyPlan): Promise<void>;
  /** Answers without upstream, in place of `send` and all that follows it; `collect` came before. */
  answer(reply: WholeReply): void;
  /** The same with a payload that is still on its way. What `pieces` throws is thrown. Faults client-gone, client-slow. */
  answerAsItComes(head: ReplyHead, pieces: AsyncIterable<Buffer>): Promise<void>;
  /** Nobody needs the answer any more for whose sake it outlived its client. */
  abandon(): void;
  /** Relays a WebSocket that upstream has agreed to, until either side closes. */
  relayMessages(head: ReplyHead, plan: MessagePlan): Promise<void>;
  /** Says so: an error reply if none was begun, else a cut that looks like one. Never throws. */
  fail(fault: Fault, dialect: Dialect, id: string): void;
  /** What the client has seen and what was counted so far. */
  readonly seen: LineTally;
}

/** What the client has seen so far: its status (0: none), and body bytes on the wire each way. */
export interface LineTally {
  status: number;
  requestBytes: number;
  replyBytes: number;
}

/** One exchange. Fields below `notes` are filled in by the phases. */
export interface Exchange {
  readonly id: string;
  readonly startedAtMs: number;
  /** Monotonic ms at the start. */
  readonly t0: number;
  readonly connection: ConnectionFacts;
  readonly profile: Profile;
  readonly policy: Policy;
  readonly line: Line;
  route: Route | undefined;
  /** Where the client's signature over the request can be made anew, with what. */
  signer: Signer | undefined;
  /** Bodies that are kept, as far as they have passed. */
  readonly heard: Heard | undefined;
  readonly notes: Notes;
}

/** The beginning of a body that is kept. */
export interface Ear {
  readonly pieces: Buffer[];
  /** Of all that passed. */
  size: number;
}

/** What was heard of bodies that are kept, so far. */
export interface Heard {
  readonly request: Ear;
  readonly reply: Ear;
  replyType: string;
}

/** The signature a request came with, and a key for another. */
export interface Signer {
  readonly signature: SigV4;
  readonly key: AwsKey;
}

/** When phases 4 to 8 of an exchange had ended, monotonic ms; undefined: not come to. */
export interface PhaseMarks {
  read: number | undefined;
  admit: number | undefined;
  inspect: number | undefined;
  arm: number | undefined;
  send: number | undefined;
  /** The final head of the reply was there: phase 9 goes on. */
  reply: number | undefined;
}

/** Append-only facts about an exchange, read by record. */
export interface Notes {
  verdict: 'pass' | 'edit' | 'deny';
  edits: Record<string, number>;
  /** Counts by the user's own rule, and by guardrail that edited. */
  rules: Record<string, number>;
  restored: number;
  /** What guardrails found that was not met before. */
  readonly findings: Finding[];
  /** Fields taken out that would have switched a guardrail off. */
  optOuts: number;
  fault: FaultCode | undefined;
  faultCause: unknown;
  readonly marks: PhaseMarks;
  /** How long it stood in line for its provider, ms. */
  waitedMs: number;
  webSocket: boolean;
  /** The model that the request asks for, '' where that is not known. */
  askedModel: string;
  /** What the reply says of its cost. */
  usage: Usage;
  /** The request asked the model for an answer in JSON; over a WebSocket the last one that asked for an answer. */
  answersJson: boolean;
  /** It refreshes a login: the same for the same refresh, a hash. */
  refreshKey: string | undefined;
  /** Credentials that were put into the request. */
  injected: readonly Injected[];
  /** Sent head, for `fidelity`. */
  sentHead: RequestHead | undefined;
  /** Bodies that are still to be hashed. */
  bodies: { readonly received: Buffer; readonly sent: Buffer } | undefined;
  bodyHashIn: string | undefined;
  bodyHashOut: string | undefined;
  /** How far upstream's clock was ahead of ours, ms. */
  clockAheadMs: number | undefined;
}
