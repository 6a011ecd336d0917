// An open WebSocket between two wires: every message is held until it is whole, shown to the plan, and passed on with its own
// bytes unless the plan changed it. It knows nothing of what messages say.
import { Fault } from '../../fault.ts';
import type { RawHeaders } from '../../headers.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { LineTally, MessagePlan } from '../exchange.ts';
import { parseDeflate } from '../wire/deflate.ts';
import { createMessageRelay, type MessageRelay } from '../wire/message-relay.ts';
import { closeFrame, OPCODE, writeFrame } from '../wire/websocket.ts';
import type { Wire } from '../wire/wire.ts';

/** After one side has closed the other gets this long to do the same, ms (RFC 6455 7.1.1). */
const CLOSE_MS = 5000;
/** Why a connection is closed (RFC 6455 7.4.1). */
const POLICY = 1008;
const TOO_BIG = 1009;

/**
 * Relays until both sides have closed. `open` is called once the agreed extensions are known to be readable: it tells the client
 * that the switch happened. Faults upstream-protocol, bad-request, body-too-large, upstream-cut, client-gone, and those of the plan.
 */
export async function relayMessages(
  client: Wire,
  upstream: Wire,
  replyHeaders: RawHeaders,
  plan: MessagePlan,
  seen: LineTally,
  open: () => void,
): Promise<void> {
  const deflate = parseDeflate(replyHeaders);
  const { maxMessageBytes } = plan;
  const up = createMessageRelay({ from: 'client', deflate, maxMessageBytes, onMessage: plan.fromClient });
  const down = createMessageRelay({ from: 'upstream', deflate, maxMessageBytes, onMessage: plan.fromUpstream });
  open();
  const over = () => up.closed || down.closed;
  let timer: NodeJS.Timeout | undefined;
  // One side has ended: the other may still have a Close frame to say, but not for ever.
  const limit = (last: Wire) => {
    timer ??= setTimeout(() => last.destroy(), CLOSE_MS);
  };
  client.onLeave = () => {
    // Upstream may be reading nothing, and then nobody would look at the client's side for a long time.
    if (client.state === 'gone') upstream.cut(true);
    else limit(upstream);
  };
  upstream.onLeave = () => limit(client);
  const sent = carry(client, upstream, up, (n) => {
    seen.requestBytes += n;
  });
  const received = carry(upstream, client, down, (n) => {
    seen.replyBytes += n;
  });
  // A conversation that nobody closed looks cut to the other side too, and costs nothing any more.
  const sides = [sent.then(() => pass(client, upstream, over(), true)), received.then(() => pass(upstream, client, over(), false))];
  try {
    const first = await Promise.race(sides);
    limit(first === client ? upstream : client);
    await Promise.all(sides);
    // Codex ends every session by just closing its socket: that is an end, not a fault (codex 0.169).
    if (over() || (first === client && client.state === 'ended')) return;
    throw new Fault(first === client ? 'client-gone' : 'upstream-cut', 'without a Close frame');
  } finally {
    clearTimeout(timer);
    client.onLeave = undefined;
    upstream.onLeave = undefined;
  }
}

/**
 * The last frames for a client whose message a rule refused: the error as its provider would word it, and a Close frame. Undefined for
 * other faults: those must look cut.
 */
export function farewell(fault: Fault, dialect: Dialect, id: string): Buffer | undefined {
  if (fault.source !== 'rule') return undefined;
  const said = writeFrame('upstream', OPCODE.text, Buffer.from(dialect.errorBody(fault, id).body));
  return Buffer.concat([said, closeFrame('upstream', fault.code === 'body-too-large' ? TOO_BIG : POLICY, fault.code)]);
}

/** Moves one direction until its sender ends. */
async function carry(from: Wire, to: Wire, relay: MessageRelay, count: (bytes: number) => void): Promise<void> {
  for (;;) {
    const chunk = await from.read();
    if (!chunk) break;
    count(chunk.length);
    for (const bytes of relay.push(chunk)) await to.write(bytes);
  }
}

/** Hands on how `from` ended; gives `from`. */
function pass(from: Wire, to: Wire, politely: boolean, atOnce: boolean): Wire {
  if (from.state === 'ended' && politely) to.end();
  else to.cut(atOnce);
  return from;
}
