// The one row that phase 10 (record) writes for every exchange: metadata only, never bodies, never values.
// Must not know who keeps it.
import type { FaultCode } from './fault.ts';

/** How close the upstream ClientHello came to the client's; 'none' where no TLS hello was there to mirror. */
export type EqualityGrade = 'exact' | 'ja4' | 'partial' | 'none';

/** What a guardrail found so many times; never what it looked at. */
export interface FindingCount {
  readonly guardrail: string;
  readonly rule: string;
  /** The tool that brought it, '' where none did. */
  readonly tool: string;
  readonly count: number;
}

/** One finished exchange. */
export interface ExchangeRecord {
  /** Exchange id, unique per installation, e.g. `x-9f2k…`. */
  readonly id: string;
  /** Wall clock at accept of the request head, ms since epoch. */
  readonly startedAtMs: number;
  /** Whose client it was. */
  readonly profile: string;
  /** CLI name taken from its user-agent (`claude-cli`, `codex_exec`, …), that of its process when it sent none, '' where neither is known. */
  readonly client: string;
  /** Its version, taken from there too. */
  readonly clientVersion: string;
  /** Its process on this machine; undefined where that is not known. */
  readonly clientPid: number | undefined;
  readonly scheme: 'https' | 'http';
  readonly protocol: 'http/1.1' | 'h2' | 'websocket';
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path without its query. */
  readonly path: string;
  readonly provider: string;
  readonly endpoint: string;
  /** What was asked for, or else what answered; '' where neither was named. */
  readonly model: string;
  /** Tokens of the prompt, cached ones too, and of the answer, as the reply says; undefined where it does not. */
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
  /** Status the client saw; 0 when it saw none. */
  readonly status: number;
  readonly fault: FaultCode | undefined;
  readonly verdict: 'pass' | 'edit' | 'deny';
  /** Masked values by kind, e.g. `{ email: 2 }`. */
  readonly edits: Readonly<Record<string, number>>;
  /** The same values by the user's own rule that decided on them, and edits of guardrails by the guardrail. */
  readonly rules: Readonly<Record<string, number>>;
  /** What guardrails found that was not met before, alike ones together. */
  readonly findings: readonly FindingCount[];
  /** Placeholders turned back into values in the reply. */
  readonly restored: number;
  /** Body bytes on the wire. */
  readonly requestBytes: number;
  readonly replyBytes: number;
  /** Time spent in phases 4 to 7, ms. */
  readonly addedMs: number;
  readonly durationMs: number;
  readonly equality: EqualityGrade;
}
