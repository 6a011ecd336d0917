// The parts of a multipart body (RFC 2046 5.1): where each one's content stands, and its type.
// It must not know what a part holds.

/** One part. */
export interface Part {
  readonly contentType: string;
  readonly start: number;
  readonly end: number;
}

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const HEAD_END = '\r\n\r\n';
/** A part's head is no longer. */
const MAX_HEAD = 16 * 1024;

/** The parts, in order. What breaks off ends where the body does. */
export function findParts(bytes: Buffer, contentType: string): Part[] {
  const m = BOUNDARY.exec(contentType);
  const boundary = m?.[1] ?? m?.[2];
  if (boundary === undefined) return [];
  const out: Part[] = [];
  const line = Buffer.from(`--${boundary}`);
  for (let at = bytes.indexOf(line); at >= 0; ) {
    const head = at + line.length;
    const next = bytes.indexOf(line, head);
    const headEnd = bytes.indexOf(HEAD_END, head);
    const end = next < 0 ? bytes.length : next;
    if (headEnd >= 0 && headEnd < end && headEnd - head <= MAX_HEAD) {
      const type = /^content-type:\s*([^\r\n]*)/im.exec(bytes.toString('latin1', head, headEnd))?.[1] ?? '';
      const start = headEnd + HEAD_END.length;
      out.push({ contentType: type, start, end: Math.max(start, next < 0 ? end : end - 2) });
    }
    at = next;
  }
  return out;
}
