// One event of a reply, whichever way it is framed, and what edits the events of a reply in order.
// It must not know what an event says.

/** One event as it came, and its payload. */
export interface Frame {
  /** The bytes on the wire. */
  readonly raw: Buffer;
  /** The same with all of its end, to be said once more: `raw` may leave before the last byte of its end is there. */
  readonly again: Buffer;
  /** The payload. */
  readonly data: Buffer;
  /** Where an offset of the payload lies in `raw`. */
  rawOffset(offset: number): number;
  /** A value as it may stand in a payload that is no JSON, in Latin-1 bytes. */
  plain(value: string): string;
}

/** Edits the events of one reply in order. What it throws ends the reply. */
export interface EventEditor {
  /** The frames to send instead; undefined: this one unchanged. `last`: nothing follows, so nothing is held back. */
  event(frame: Frame, last?: boolean): Buffer[] | undefined;
  /** What was held back, as events of its own. */
  flush(): Buffer[];
  /** Whether it must see events that concern no placeholder too: something is held back, or it matters how an answer begins
   * or which tools are called. */
  readonly attentive: boolean;
  /** Placeholders turned into values so far. */
  readonly restored: number;
}
