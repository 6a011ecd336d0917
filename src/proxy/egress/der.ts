// Just enough DER (X.690) to look at what node:crypto does not show of a certificate or an OCSP reply. Definite
// lengths and one-byte tags only. Must not decide anything: wrong bytes are an Error, the caller says what that means.

/** One element: its tag byte, its content, and both with the header. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** The elements that `bytes` is made of, in order. Throws Error when they do not fill it exactly. */
export function readDer(bytes: Buffer): Der[] {
  const out: Der[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1] ?? 0x80;
    const extra = short < 0x80 ? 0 : short - 0x80;
    if (short === 0x80 || extra > 3 || at + 2 + extra > bytes.length) throw new Error('malformed DER');
    const length = extra === 0 ? short : bytes.readUIntBE(at + 2, extra);
    const from = at + 2 + extra;
    if (from + length > bytes.length) throw new Error('malformed DER');
    out.push({ tag: bytes[at]!, content: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) });
    at = from + length;
  }
  return out;
}

/** The element at `path`: indexes into nested elements, outermost first. Throws Error when there is none. */
export function derAt(bytes: Buffer, ...path: readonly number[]): Der {
  let found: Der | undefined;
  for (const index of path) {
    found = readDer(found ? found.content : bytes)[index];
    if (!found) throw new Error('malformed DER');
  }
  if (!found) throw new Error('malformed DER');
  return found;
}

/** Dotted text of an OBJECT IDENTIFIER's content. */
export function oidText(content: Buffer): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      arcs.push(first, value - first * 40);
    } else arcs.push(value);
    value = 0;
  }
  return arcs.join('.');
}

/** Milliseconds since epoch of a GeneralizedTime in UTC (`YYYYMMDDHHMMSSZ`, RFC 5280 4.1.2.5.2); NaN for any other form. */
export function generalizedTimeMs(content: Buffer): number {
  const m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(content.toString('latin1'));
  return m ? Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6])) : Number.NaN;
}
