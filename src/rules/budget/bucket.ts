// A token bucket: so many requests a minute, of which a whole minute's may come at once. All in whole numbers, so a wait it names is long
// enough and nothing is lost to rounding. It must not know a clock.

/** What one request takes, so that each millisecond gives `perMinute`. */
const REQUEST = 60_000;

/** What is left, and since when. */
export interface Bucket {
  readonly credit: number;
  readonly atMs: number;
}

/** The bucket afterwards, and how long until it gives: 0 where it gave. */
export interface Taken {
  readonly bucket: Bucket;
  readonly waitMs: number;
}

/** Takes one request out of a bucket; undefined is a full one. A clock that went back gives nothing, one that went on a whole minute's at most. */
export function takeOne(bucket: Bucket | undefined, perMinute: number, nowMs: number): Taken {
  const full = REQUEST * perMinute;
  const credit = bucket ? Math.min(full, bucket.credit + Math.max(0, nowMs - bucket.atMs) * perMinute) : full;
  if (credit >= REQUEST) return { bucket: { credit: credit - REQUEST, atMs: nowMs }, waitMs: 0 };
  return { bucket: { credit, atMs: nowMs }, waitMs: Math.ceil((REQUEST - credit) / perMinute) };
}
