// Others hear a reply as it goes by: each piece as the client gets it, or a short body as a whole. They change nothing and hold nothing up.
// It must not know who listens.
import { joinedValue, type ReplyHead } from '../../headers.ts';
import type { ReplyPlan } from '../exchange.ts';
import { decodeBody, knowsEncoding } from './decode.ts';

/** What is longer is no refusal. */
const MAX_BYTES = 64 * 1024;

/** `onPiece` gets the payload as the client does, in its content coding, in order. */
export function taped(plan: ReplyPlan, onPiece: (piece: Buffer) => void): ReplyPlan {
  if (plan.kind === 'raw') {
    return {
      ...plan,
      watch: (piece) => {
        plan.watch?.(piece);
        onPiece(piece);
      },
    };
  }
  const heard = (bytes: Buffer): Buffer => {
    onPiece(bytes);
    return bytes;
  };
  const whenThere = (made: Promise<Buffer> | Buffer) => (made instanceof Promise ? made.then(heard) : heard(made));
  if (plan.kind === 'whole') return { ...plan, edit: (bytes) => whenThere(plan.edit(bytes)) };
  const { transform } = plan;
  return {
    ...plan,
    transform: {
      push: (piece) => whenThere(transform.push(piece)),
      end: () => whenThere(transform.end()),
      ...(transform.lastWords && { lastWords: (fault) => transform.lastWords!(fault) }),
      close: () => transform.close(),
    },
  };
}

/** `onBody` gets the whole payload as it was and as text, once the client has had all of it; nothing where it is long or cannot be read. */
export function overheard(plan: ReplyPlan, reply: ReplyHead, onBody: (payload: Buffer, text: string) => void): ReplyPlan {
  const pieces: Buffer[] = [];
  let size = 0;
  const told = taped(plan, (piece) => {
    size += piece.length;
    if (size <= MAX_BYTES) pieces.push(piece);
  });
  const settle = async (): Promise<void> => {
    await told.settle?.();
    if (size > MAX_BYTES) return;
    const payload = Buffer.concat(pieces);
    const encoding = joinedValue(reply.headers, 'content-encoding');
    if (encoding !== undefined && !knowsEncoding(encoding)) return;
    try {
      const plain =
        encoding === undefined ? payload : await decodeBody(payload, encoding, { maxBytes: MAX_BYTES, maxRatio: 1000, side: 'reply' });
      onBody(payload, plain.toString('utf8'));
    } catch {
      // It says nothing that could be heard; what its client makes of it is the client's business.
    }
  };
  return { ...told, settle };
}
