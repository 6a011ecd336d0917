// Where pictures, documents, sound and film stand in a body: base64 in JSON, parts of a form, a body of their own, and addresses from
// which a provider would fetch one. It must not decide anything about them.
import { firstValue, type RawHeaders } from '../../headers.ts';
import { startsLikeJson } from '../content.ts';
import { JsonWalk } from '../masking/walk.ts';
import { findParts } from './parts.ts';
import { beginsSoundFrame, kindOfType, type MediaKind, SNIFFED_BYTES, sniff } from './sniff.ts';

/** One piece of media. */
export interface Medium {
  readonly kind: MediaKind;
  readonly form: 'base64' | 'raw' | 'remote';
  /** Its bytes in the body: of base64 without what announces it, of an address the whole string. */
  readonly start: number;
  readonly end: number;
}

const DATA_URI = /^data:([^;,"\\]*)[^,"]{0,200};base64,/;
const BASE64 = /^[A-Za-z0-9+/_=\\-]+$/;
/** The first code units of a string that are looked at. */
const HEAD = 256;
/** Less is no medium. */
const SHORTEST = 32;
/** Base64 of the bytes that decide, escapes of its slashes included. */
const SNIFFED_UNITS = Math.ceil(SNIFFED_BYTES / 3) * 4;

/** Members that hold sound without a signature: raw samples. */
const SOUND = new Set(['audio', 'input_audio']);
/** Members that name the place of a medium, and those of whose objects `url` and `uri` do. */
const ADDRESSES = new Set(['image_url', 'file_url', 'video_url', 'audio_url', 'document_url', 'fileUri', 'file_uri']);
const HOLDERS = new Set(['source', 'image', 'file', 'document', 'fileData', 'file_data', ...ADDRESSES]);
const ADDRESS = /^(?:https?|gs|s3|ftp):/i;

/** All media of a body, in order. */
export function findMedia(bytes: Buffer, headers: RawHeaders): Medium[] {
  const type = firstValue(headers, 'content-type') ?? '';
  const parts = /^\s*multipart\//i.test(type) ? findParts(bytes, type) : [];
  // What calls itself a form and is none is read as what it is.
  if (parts.length > 0) {
    return parts.flatMap(({ start, end, contentType }) => {
      const kind = sniff(bytes.subarray(start, end)) ?? kindOfType(contentType);
      return kind ? [{ kind, form: 'raw' as const, start, end }] : [];
    });
  }
  const own = sniff(bytes) ?? (startsLikeJson(bytes) ? undefined : kindOfType(type));
  return own ? [{ kind: own, form: 'raw', start: 0, end: bytes.length }] : inJson(bytes);
}

function inJson(bytes: Buffer): Medium[] {
  const out: Medium[] = [];
  const walk = new JsonWalk(true);
  walk.push(bytes, bytes[0] === 0xef ? 3 : 0, (start, end) => {
    if (walk.atName) return;
    const head = bytes.toString('latin1', start, Math.min(end, start + HEAD));
    const inline = inlineAt(head, end - start, () => walk.path());
    if (inline) out.push({ kind: inline.kind, form: 'base64', start: start + inline.skipped, end });
    else if (ADDRESS.test(head) && isAddressPlace(walk.path())) out.push({ kind: 'image', form: 'remote', start, end });
  });
  return out;
}

function inlineAt(head: string, length: number, path: () => string[]): { readonly kind: MediaKind; readonly skipped: number } | undefined {
  const uri = DATA_URI.exec(head.replaceAll('\\/', '/'));
  if (uri) {
    const skipped = head.indexOf(',') + 1;
    const kind = sniff(decoded(head.slice(skipped))) ?? kindOfType(uri[1]!);
    return kind && { kind, skipped };
  }
  if (length < SHORTEST || !BASE64.test(head)) return undefined;
  const kind = sniff(decoded(head)) ?? (isSound(path(), head) ? 'audio' : undefined);
  return kind && { kind, skipped: 0 };
}

function isSound(path: readonly string[], head: string): boolean {
  return path.some((name) => SOUND.has(name)) || (path.at(-1) === 'data' && beginsSoundFrame(decoded(head)));
}

function decoded(base64: string): Buffer {
  return Buffer.from(base64.replaceAll('\\/', '/').slice(0, SNIFFED_UNITS), 'base64');
}

function isAddressPlace(path: readonly string[]): boolean {
  const name = path.at(-1)!;
  return ADDRESSES.has(name) || ((name === 'url' || name === 'uri') && HOLDERS.has(path.at(-2) ?? ''));
}
