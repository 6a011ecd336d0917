// Bodies that leave before they are whole: read past for what must not leave, their beginning held where it may turn out to be all of them.
// It must not know how a whole body is edited.
import { Fault } from '../../fault.ts';
import { withoutDigests } from '../../headers.ts';
import { type ContentKind, isWideText, looksLikeText, startsLikeJson } from '../../rules/content.ts';
import type { Masker } from '../../rules/masking/mask.ts';
import type { Exchange, HeldBody, OutgoingRequest } from '../exchange.ts';

/** A body that is whole. */
export type WholeBody = OutgoingRequest['body'] & { readonly kind: 'whole' };

/** How much of a body of no known type and length is held, so that it can be masked. */
const HELD_BYTES = 1 << 20;
const HEAD_BYTES = 4096;

/** What its type calls a picture or an archive is text only where it begins like JSON; undefined while that cannot be told. */
export function isText(kind: ContentKind, bytes: Buffer): boolean | undefined {
  return kind === 'media' || kind === 'frames' ? startsLikeJson(bytes) : looksLikeText(bytes);
}

/** A body of no known type and length that may be small. Once it is larger than is held, or nothing that is ever edited, it is watched. */
export function smallBody(
  x: Exchange,
  kind: ContentKind,
  mask: (bytes: Buffer) => Promise<WholeBody>,
  watch: (piece: Buffer) => void,
): HeldBody {
  const most = Math.min(HELD_BYTES, x.policy.maxBodyBytes);
  const pieces: Buffer[] = [];
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  const hasDigest = withoutDigests(x.line.head.headers) !== x.line.head.headers;
  return {
    take(piece) {
      pieces.push(piece);
      size += piece.length;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES - head.length)]);
      return size <= most && isText(kind, head) !== false;
    },
    async release(isAll) {
      const bytes = Buffer.concat(pieces.splice(0));
      if (isAll && size <= most) {
        const body = await mask(bytes);
        if (body.changed && hasDigest) throw new Fault('rule-denied', 'its digest has left before values in it were found');
        return body.changed ? body.bytes : undefined;
      }
      watch(bytes);
      return undefined;
    },
  };
}

/** A body too large to hold is read past; a finding in it stops the upload, since it cannot be masked any more. */
export function watcher(x: Exchange, masker: Masker, kind: ContentKind): (piece: Buffer) => void {
  const scanner = masker.stream();
  let text: boolean | undefined;
  let begin: Buffer = Buffer.alloc(0);
  return (piece) => {
    if (text === undefined) {
      refuseWide(x, masker, piece);
      begin = Buffer.concat([begin, piece]);
      text = isText(kind, begin);
      // Of blanks one is as good as many.
      if (begin.length > 3) begin = begin.subarray(-1);
    }
    if (text && scanner.push(piece).length > 0) throw new Fault('body-too-large', 'it holds values that must be masked');
  };
}

/** What is written two or four bytes a character would pass unseen. No client of these hosts writes so. */
export function refuseWide(x: Exchange, masker: Masker, bytes: Buffer): void {
  if (masker.holds && isWideText(x.line.head.headers, bytes)) throw new Fault('body-unreadable', 'it is not in UTF-8');
}
