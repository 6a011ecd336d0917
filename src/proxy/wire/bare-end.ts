// How a TLS connection ended: with close_notify, or by a bare FIN, which anybody on the way can forge (RFC 8446 6.1). Where Node does
// not tell, nothing is claimed. It must not know what the connection carried.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What is looked at of Node's handles. */
interface Handle {
  readonly reading?: boolean;
  readonly readStart?: () => number;
  readonly readStop?: () => number;
}

/**
 * Watches `socket`, whose TCP socket is `carrier`. The function returned is true once the peer has ended by FIN without close_notify before it;
 * false before the end, after a polite one, and where it cannot be known. Call before anything is read.
 */
export function watchForBareEnd(socket: TLSSocket, carrier: Socket): () => boolean {
  let bare = false;
  const push = socket.push;
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    // Now, not at 'end': behind unread bytes that comes late, and by then FIN has followed a close_notify.
    if (chunk === null) bare = endedBelow(socket, carrier);
    return push.call(socket, chunk, encoding);
  };
  return () => bare;
}

/**
 * Whether TCP has ended, and not TLS alone. Undocumented (Node 26.10): libuv takes a handle out of reading when it meets FIN and says 0 to a new
 * start, UV_EALREADY while it still reads. A socket that was paused does not read either, so that the TLS handle must say it was not.
 */
function endedBelow(socket: TLSSocket, carrier: Socket): boolean {
  const tls = (socket as { _handle?: Handle })._handle;
  const tcp = (carrier as { _handle?: Handle })._handle;
  if (tls?.reading !== true || !tcp || typeof tcp.readStart !== 'function' || tcp.readStart() !== 0) return false;
  tcp.readStop?.();
  return true;
}
