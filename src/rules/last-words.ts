// The event with which a stream of events ends that a rule has ended: the error as its provider words it in mid-stream, for clients to show.
// It must not know why.
import type { Fault } from '../fault.ts';
import type { Dialect } from './provider.ts';

/** One server-sent event. `id` is the exchange id. */
export function lastWords(dialect: Dialect, fault: Fault, id: string): Buffer {
  const { name, data } = dialect.errorEvent?.(fault, id) ?? { name: undefined, data: dialect.errorBody(fault, id).body };
  return Buffer.from(`${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`);
}
