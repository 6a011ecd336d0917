// How long each phase of an exchange took, from the marks that they left.
// Must not know who wants to know.
import type { Exchange } from '../exchange.ts';

/** One phase of an exchange, monotonic ms. */
export interface PhaseSpan {
  readonly phase: 'read' | 'admit' | 'inspect' | 'arm' | 'send' | 'relay';
  readonly from: number;
  readonly to: number;
}

const MARKED = ['read', 'admit', 'inspect', 'arm', 'send'] as const;

/** Phases 4 to 9 as far as the exchange came, which ended at `end`; the last of them ends there. */
export function phaseSpans({ t0, notes: { marks } }: Exchange, end: number): readonly PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  let from = t0;
  for (const phase of MARKED) {
    const to = marks[phase];
    spans.push({ phase, from, to: to ?? end });
    if (to === undefined) return spans;
    from = to;
  }
  spans.push({ phase: 'relay', from, to: end });
  return spans;
}

/** From when the request was ready to leave until the head of its reply was there, ms. */
export function firstByteMs({ notes: { marks } }: Exchange): number | undefined {
  return marks.arm === undefined || marks.reply === undefined ? undefined : marks.reply - marks.arm;
}
