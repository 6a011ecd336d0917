// How each provider fares: what passed in the last minute and since the start, in bounded memory. Time is passed in, from a clock that
// does not go back. Must not know what the numbers are shown on.

/** What is counted of one exchange at its end. */
export interface Passed {
  readonly provider: string;
  /** Time spent on it before it was sent, ms. */
  readonly addedMs: number;
  /** From there to the head of the reply, ms; undefined: none came. */
  readonly firstByteMs: number | undefined;
  /** Undefined where the reply does not say. */
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
}

/** The middle one and the one that 95 of 100 do not exceed, by nearest rank. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/** One provider's traffic. */
export interface TrafficRow {
  readonly provider: string;
  /** Exchanges that ended in the last 60 seconds. */
  readonly perMinute: number;
  /** Of the last 60 seconds, ms, from the newest 1024 exchanges; undefined: there were none. */
  readonly added: Spread | undefined;
  readonly firstByte: Spread | undefined;
  /** Since the start. */
  readonly exchanges: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
}

/** Counts what passes. */
export interface Traffic {
  note(passed: Passed, nowMs: number): void;
  /** By name of provider. */
  rows(nowMs: number): readonly TrafficRow[];
}

const SECONDS = 60;
const KEPT = 1024;

/** Nothing has passed yet. Each provider costs some 25 KB: their names are few. */
export function openTraffic(): Traffic {
  const lanes = new Map<string, Lane>();
  return {
    note: (passed, nowMs) => {
      const lane = lanes.get(passed.provider) ?? openLane();
      lanes.set(passed.provider, lane);
      lane.note(passed, Math.floor(nowMs / 1000));
    },
    rows: (nowMs) =>
      [...lanes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([provider, lane]) => ({ provider, ...lane.row(Math.floor(nowMs / 1000)) })),
  };
}

interface Lane {
  note(passed: Passed, second: number): void;
  row(second: number): Omit<TrafficRow, 'provider'>;
}

function openLane(): Lane {
  // A slot a second, used anew each minute; what it counts is of the second that stands beside it.
  const counts = new Uint32Array(SECONDS);
  const countedIn = new Float64Array(SECONDS).fill(Number.NEGATIVE_INFINITY);
  // The newest exchanges, in a ring. NaN: no reply came.
  const seconds = new Float64Array(KEPT);
  const added = new Float64Array(KEPT);
  const firstByte = new Float64Array(KEPT);
  let exchanges = 0;
  let tokensIn = 0;
  let tokensOut = 0;
  return {
    note: (passed, second) => {
      const slot = second % SECONDS;
      if (countedIn[slot] !== second) counts[slot] = 0;
      countedIn[slot] = second;
      counts[slot]!++;
      const at = exchanges++ % KEPT;
      seconds[at] = second;
      added[at] = passed.addedMs;
      firstByte[at] = passed.firstByteMs ?? Number.NaN;
      tokensIn += passed.tokensIn ?? 0;
      tokensOut += passed.tokensOut ?? 0;
    },
    row: (second) => {
      const recent = (then: number) => then > second - SECONDS;
      const perMinute = counts.reduce((sum, count, slot) => (recent(countedIn[slot]!) ? sum + count : sum), 0);
      const kept = Math.min(exchanges, KEPT);
      const values = (ring: Float64Array) => ring.subarray(0, kept).filter((value, i) => recent(seconds[i]!) && !Number.isNaN(value));
      return { perMinute, added: spread(values(added)), firstByte: spread(values(firstByte)), exchanges, tokensIn, tokensOut };
    },
  };
}

function spread(values: Float64Array): Spread | undefined {
  if (values.length === 0) return undefined;
  values.sort();
  const at = (share: number) => values[Math.ceil(share * values.length) - 1]!;
  return { p50: at(0.5), p95: at(0.95) };
}
