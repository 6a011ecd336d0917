// The first bytes of a connection, read until something can be made of them. They stay where they are, for whoever serves it.
// Must not know what they mean.
import { Fault } from '../../fault.ts';
import { within } from '../wire/patience.ts';
import type { Wire } from '../wire/wire.ts';

/**
 * What `parse` makes of all bytes so far; undefined from it asks for more. Undefined when the client closed without a word. Faults client-slow
 * after `ms`, not-tls for a beginning without an end, and what `parse` throws.
 */
export async function begin<T>(client: Wire, ms: number, parse: (bytes: Buffer) => T | undefined): Promise<T | undefined> {
  const deadline = performance.now() + ms;
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const more = await within(client.read(), Math.max(1, deadline - performance.now()), 'client-slow', 'no ClientHello');
    if (!more) {
      if (bytes.length === 0) return undefined;
      throw new Fault('not-tls', 'it stopped half-way');
    }
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    const found = parse(bytes);
    if (found === undefined) continue;
    client.unread(bytes);
    return found;
  }
}
