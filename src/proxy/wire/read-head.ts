// Reads one HTTP/1 head from a wire, with a bound on its size and on the time it takes (slowloris).
// Of what the head says it looks only at whether waiting for the rest is of any use.
import { Fault, type FaultCode } from '../../fault.ts';
import { findHeadEnd, isHopeless, MAX_HEAD_BYTES } from './head.ts';
import { within } from './patience.ts';
import type { Wire } from './wire.ts';

/** How long to wait, ms: for the first byte, and from the first byte to the end of the head. */
export interface HeadPatience {
  readonly sender: 'client' | 'upstream';
  readonly firstByteMs: number;
  readonly headMs: number;
  /** The Fault of a head that stops half-way or does not come in time. */
  readonly late: FaultCode;
  readonly cutOff: FaultCode;
  readonly tooLarge: FaultCode;
}

/**
 * The head's exact bytes including the empty line; what follows is put back. Undefined when the peer ended before the first byte.
 * A Fault `patience.late` for the first byte has the detail «idle».
 */
export async function readHeadBytes(wire: Wire, patience: HeadPatience): Promise<Buffer | undefined> {
  let bytes = await within(wire.read(), patience.firstByteMs, patience.late, 'idle');
  if (!bytes) return undefined;
  const deadline = performance.now() + patience.headMs;
  let from = 0;
  for (;;) {
    const end = findHeadEnd(bytes, from);
    if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) throw new Fault(patience.tooLarge);
    if (end >= 0) {
      wire.unread(bytes.subarray(end));
      return bytes.subarray(0, end);
    }
    if (isHopeless(bytes, patience.sender, from))
      throw new Fault(patience.sender === 'client' ? 'bad-request' : 'upstream-protocol', 'malformed head');
    from = Math.max(0, bytes.length - 3);
    const more: Buffer | undefined = await within(
      wire.read(),
      Math.max(1, deadline - performance.now()),
      patience.late,
      'the head is not complete',
    );
    if (!more) throw new Fault(patience.cutOff, 'the head is not complete');
    bytes = Buffer.concat([bytes, more]);
  }
}
