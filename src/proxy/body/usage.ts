// What a reply cost, heard as it goes by: on the way through an edit where there is one, else beside it.
// It must not change a byte, nor keep one waiting.
import { addUsage, createUsageReader, type UsageReader } from '../../rules/usage.ts';
import type { Exchange } from '../exchange.ts';

/** Hears one reply, decoded; undefined where there is nothing to hear. */
export function usageEar(x: Exchange): ((piece: Buffer) => void) | undefined {
  const reader = readerFor(x);
  if (!reader) return undefined;
  return (piece) => {
    reader.push(piece);
    x.notes.usage = reader.usage;
  };
}

/** Hears one message of a WebSocket, which holds one event: what several answers cost is added up. */
export function hearUsage(x: Exchange, message: Buffer): void {
  const reader = readerFor(x);
  reader?.push(message);
  if (reader) x.notes.usage = addUsage(x.notes.usage, reader.usage);
}

function readerFor({ route }: Exchange): UsageReader | undefined {
  const names = route?.endpoint?.kind === 'model' ? route.dialect.usage : undefined;
  return names && createUsageReader(names);
}
