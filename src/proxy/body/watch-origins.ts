// A service may move a CLI to another origin by a reply (codex's accounts/check). The reply passes untouched; an origin that we
// would only tunnel is named in the log, with what to do. It must not change a byte.
import { parseAuthority } from '../../authority.ts';
import { joinedValue, type ReplyHead } from '../../headers.ts';
import type { Exchange, ReplyPlan } from '../exchange.ts';
import type { Conductor } from '../house.ts';
import { decodeBody } from './decode.ts';

/** Larger answers are not looked at. */
const MAX_BYTES = 1 << 20;

/** A plan that looks at this reply for origins, or undefined where the provider says there are none to look for. */
export function originPlan(house: Conductor, x: Exchange, reply: ReplyHead): ReplyPlan | undefined {
  const named = x.route?.provider.originsNamed;
  if (!named || x.route?.endpoint?.name !== named.endpoint || reply.status !== 200) return undefined;
  const encoding = joinedValue(reply.headers, 'content-encoding');
  const look = async (bytes: Buffer): Promise<void> => {
    try {
      const plain = await decodeBody(bytes, encoding, { maxBytes: MAX_BYTES, maxRatio: 100, side: 'reply' });
      for (const origin of named.read(JSON.parse(plain.toString()))) warnOutside(house, x, origin);
    } catch {
      // An answer that cannot be read names nothing; the CLI will make of it what it can.
    }
  };
  const length = Number(joinedValue(reply.headers, 'content-length'));
  if (length <= MAX_BYTES) {
    return { kind: 'whole', maxBytes: MAX_BYTES, edit: (bytes) => look(bytes).then(() => bytes) };
  }
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    kind: 'transform',
    transform: {
      push(piece) {
        size += piece.length;
        if (size <= MAX_BYTES) pieces.push(piece);
        return piece;
      },
      end: () => (size <= MAX_BYTES ? look(Buffer.concat(pieces)) : Promise.resolve()).then(() => Buffer.alloc(0)),
      close: () => undefined,
    },
  };
}

function warnOutside(house: Conductor, x: Exchange, origin: string): void {
  const { host, port } = new URL(origin);
  const authority = parseAuthority(port === '' ? `${host}:443` : host);
  if (x.policy.providerFor(authority)) return;
  const from = x.connection.authority.host;
  house.log.warn(
    { host: authority.host, exchange: x.id },
    `${from} sends its client to ${authority.host}, which is not intercepted: add it to intercept`,
  );
}
