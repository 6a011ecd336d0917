// Whether a body holds a value its client computed over it: Claude Code's billing block, or a SigV4 signature in the head.
// It decides whether an edit leaves something stale behind, so text in a prompt or a tool call must not pass for the real thing:
// only `system[0].text` of the body's own root counts. It must not compute or change any such value.
import { firstValue, type RequestHead } from '../headers.ts';

const BLOCK = Buffer.from('"x-anthropic-billing-header:');
const CHECKSUM = Buffer.from('cch=');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 'attested' when `system[0].text` is Claude Code's billing block with a checksum (`cch=`). Reads the body once, and only if the words occur. */
export function attestsBilling(_head: RequestHead, body: Uint8Array): 'attested' | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.indexOf(BLOCK) < 0) return undefined;
  const at = firstSystemText(bytes);
  if (at === undefined || bytes.compare(BLOCK, 0, BLOCK.length, at, Math.min(at + BLOCK.length, bytes.length)) !== 0) return undefined;
  const checksum = bytes.indexOf(CHECKSUM, at);
  return checksum >= 0 && checksum < endOfString(bytes, at) ? 'attested' : undefined;
}

/** 'signed' when the head carries an AWS Signature Version 4, in a field or in the query; its canonical request has the query and a hash of the body. */
export function attestsSigV4(head: RequestHead): 'signed' | undefined {
  const isSigned = /^\s*AWS4-/i.test(firstValue(head.headers, 'authorization') ?? '') || /[?&]X-Amz-Signature=/i.test(head.target);
  return isSigned ? 'signed' : undefined;
}

/** Whether the signature of a `signed` head covers the field, whose name is in lower case. Yes where it does not say what it covers. */
export function coversField(head: RequestHead, name: string): boolean {
  const named =
    /\bSignedHeaders=([^,\s]*)/i.exec(firstValue(head.headers, 'authorization') ?? '')?.[1] ??
    /[?&]X-Amz-SignedHeaders=([^&]*)/i.exec(head.target)?.[1]?.replace(/%3b/gi, ';');
  return named === undefined || named.toLowerCase().split(';').includes(name);
}

/** Offset of the opening quote of `system[0].text` in a JSON object, or undefined. Malformed JSON gives undefined or an offset, never a fault. */
function firstSystemText(bytes: Buffer): number | undefined {
  let depth = 0;
  let key = -1; // start of the last string of the root: a member's name, or a value that no array follows
  let inSystem = false;
  let member = -1; // the same for the first block of `system`
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE: {
        if (inSystem && depth === 3) {
          if (member >= 0 && isString(bytes, member, 'text') && follows(bytes, i, 0x3a)) return i;
          member = i;
        } else if (depth === 1) key = i;
        i = endOfString(bytes, i);
        break;
      }
      case 0x5b: // [
        depth++;
        if (depth === 2 && key >= 0 && isString(bytes, key, 'system') && follows(bytes, i, 0x3a)) inSystem = true;
        break;
      case 0x7b: // {
        depth++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        if (inSystem && depth < 3) return undefined;
        break;
    }
  }
  return undefined;
}

/** Whether the byte before `at`, white space left out, is `wanted`. */
function follows(bytes: Buffer, at: number, wanted: number): boolean {
  let i = at - 1;
  while (i >= 0 && bytes[i]! <= 0x20) i--;
  return bytes[i] === wanted;
}

function isString(bytes: Buffer, at: number, text: string): boolean {
  return bytes.toString('latin1', at + 1, at + 2 + text.length) === `${text}"`;
}

/** Offset of the closing quote of the string that opens at `at`; the length when there is none. */
function endOfString(bytes: Buffer, at: number): number {
  let i = at + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}
