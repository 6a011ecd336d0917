// The one sentence a CLI shows for a fault of ours, the same in every dialect. Must not know any dialect, nor the cause:
// only what the fault table and the public detail say.
import type { Fault } from '../fault.ts';

/** Sentence, public detail, stable code and exchange id. `id` is the exchange id. */
export function faultText(fault: Fault, id: string): string {
  return `Sallyport: ${fault.message} [${fault.code}, exchange ${id}]`;
}

/** A vendor's words by status; 400 and 500 stand for their whole class. */
export type ErrorWords = Readonly<Record<number, string>> & { readonly 400: string; readonly 500: string };

/** The word a vendor uses for a status: its own, else the word of the whole class. */
export function wordFor(words: ErrorWords, status: number): string {
  return words[status] ?? (status < 500 ? words[400] : words[500]);
}
