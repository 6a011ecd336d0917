// Header fields as ordered name/value pairs with the case they arrived in, flat: [name, value, name, value, …].
// Nothing here builds an object: order, case and duplicates are part of the client's signature.

/** Flat ordered pairs, case as received. Names at even, values at odd indexes. */
export type RawHeaders = readonly string[];

/** The start line and fields of a request, whichever protocol carried them. */
export interface RequestHead {
  /** Method token as received. */
  readonly method: string;
  /** Origin-form target (path and query), e.g. `/v1/messages?beta=true`. */
  readonly target: string;
  /** HTTP/1: all fields. HTTP/2: regular fields only, pseudo-fields live in `method`, `target`, `authority`. */
  readonly headers: RawHeaders;
  /** Host field (HTTP/1) or :authority (HTTP/2) as received; '' when absent. */
  readonly authority: string;
}

/** The status line and fields of a reply. */
export interface ReplyHead {
  readonly status: number;
  /** Reason phrase as received (HTTP/1 only), '' otherwise. */
  readonly reason: string;
  readonly headers: RawHeaders;
  /** It is not as it was received any more. */
  readonly isEdited?: true;
}

/** First value of `name` (given in lower case), or undefined. */
export function firstValue(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const n = headers[i]!;
    if (n.length === name.length && n.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}

/** All values of `name` (lower case) in order. */
export function allValues(headers: RawHeaders, name: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const n = headers[i]!;
    if (n.length === name.length && n.toLowerCase() === name) out.push(headers[i + 1]!);
  }
  return out;
}

/** All values of a list field joined with commas (RFC 9110 5.3), or undefined when the field is absent. */
export function joinedValue(headers: RawHeaders, name: string): string | undefined {
  const values = allValues(headers, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Copy without the fields whose lower-cased name (and value) `drop` says true for. The same array when nothing is dropped. */
export function withoutFields(headers: RawHeaders, drop: (lowerName: string, value: string) => boolean): RawHeaders {
  let out: string[] | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (drop(headers[i]!.toLowerCase(), headers[i + 1]!)) out ??= headers.slice(0, i) as string[];
    else if (out) out.push(headers[i]!, headers[i + 1]!);
  }
  return out ?? headers;
}

/** Copy with the value of every field called `name` (lower case) replaced in place; position and case stay. */
export function withValue(headers: RawHeaders, name: string, value: string): RawHeaders {
  const out = headers.slice();
  for (let i = 0; i < out.length; i += 2) if (out[i]!.toLowerCase() === name) out[i + 1] = value;
  return out;
}

const DIGESTS = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest']);

/** Without the fields that say what the bytes of a body add up to, for one that was edited. The same array when there is none. */
export function withoutDigests(headers: RawHeaders): RawHeaders {
  return withoutFields(headers, (name) => DIGESTS.has(name));
}

/** Comma-separated list tokens of a field, lower-cased, from all its lines. */
export function listTokens(headers: RawHeaders, name: string): string[] {
  return allValues(headers, name).flatMap((v) =>
    v
      .split(',')
      .map((t) => t.trim().toLowerCase())
      .filter((t) => t !== ''),
  );
}
