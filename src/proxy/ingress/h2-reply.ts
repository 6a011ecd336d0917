// The head of an HTTP/2 reply as upstream gives it: interim replies are handed on, fields of upstream's hop stay here, and what
// node:http2 could not say to the client is a Fault before anything was said. It does not know the client's stream.
import { type ClientHttp2Stream, constants } from 'node:http2';
import { Fault } from '../../fault.ts';
import { firstValue, type RawHeaders, type ReplyHead } from '../../headers.ts';
import { endToEndHttp2 } from '../hop.ts';
import { MAX_INTERIM } from '../wire/head.ts';
import { regular } from './h2-fields.ts';

/** A final reply head. */
export interface Http2Reply extends ReplyHead {
  /** No body and no trailers follow. */
  readonly endsStream: boolean;
}

/** The final head; `onInterim` gets each interim one before it, pseudo-fields included. Faults upstream-cut, upstream-protocol. */
export function awaitReply(stream: ClientHttp2Stream, onInterim: (raw: RawHeaders) => void): Promise<Http2Reply> {
  return new Promise((resolve, reject) => {
    let interims = 0;
    stream.on('headers', (_headers, _flags, raw) => {
      if (++interims > MAX_INTERIM) return reject(new Fault('upstream-protocol', 'too many interim replies'));
      try {
        onInterim(endToEndHttp2(raw as unknown as string[]));
      } catch (cause) {
        // Nobody is above a listener: what node:http2 will not send may cost this exchange, not the process.
        reject(new Fault('upstream-protocol', 'an interim reply that cannot be passed on', { cause }));
      }
    });
    stream.once('response', (_headers, flags, raw) => {
      const fields = raw as unknown as string[];
      const status = Number(firstValue(fields, ':status'));
      if (status > 599) reject(new Fault('upstream-protocol', 'a status that HTTP/2 does not carry'));
      const endsStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      resolve({ status, reason: '', headers: endToEndHttp2(regular(fields)), endsStream });
    });
    stream.once('close', () =>
      reject(new Fault('upstream-cut', stream.rstCode === 0 ? 'before a reply' : `stream reset with code ${stream.rstCode}`)),
    );
    stream.once('error', (cause) => reject(new Fault('upstream-cut', 'before a reply', { cause })));
  });
}
