// ClientHellos of real clients, captured on loopback: the TLS records as sent, with random, session id and key shares set to zero.
// Stored deflated, since most of a hello is then zeros. Also small tools to make hellos that no client at hand sends.
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { inflateRawSync } from 'node:zlib';

const inflate = (text: string): Buffer => inflateRawSync(Buffer.from(text, 'base64'));

/** Captured hellos by client. */
export const HELLOS = {
  /** Claude Code 2.1, inference (Bun 1.4 fetch). */
  claudeCode: inflate(
    '7dRBasJQFIXh/+a+mz4jBWMkOhFKHdomFemCxIkOWoNkOXbe7uIuwB104LQU99BCN6DTQr7xD2d2ShU7CfapygV3lwLuCymSQn3utT/40/Hj+O49LzzzEQfeqHkWrAFKRpCvmm21em03+12zXVfr3Qtj+BEEMjJifmbKmAl9EoEZMKBPL27atqkX1QLD5G/6lgll0BiCmEYziWkq8SbVRBgCy/AdvvJzcDqdTue/ml5xxI8kIsyxoEH1Fw==',
  ),
  /** Claude Code 2.1, its axios calls (Bun 1.4 node:https). */
  claudeCodeHttps: inflate(
    '7dQ9DgFRFEDhc+e+N54RxWRkaCQSEoXfROzEBkRD4SdiOfTs4ip0FiJiDyyBVjJffeqTq/ib4K+qfNH6FtDJJIsytZH1bGx9694v97OVLbPEahw5MWIq+BmQU4N0vlsN55vDcr/drRbDxXZNHd6CQEJCSF80qdOgQiTQBqo0yJ0G58Rr8F5CHEsoxRoJE/d0j/TljEKhUPhXzR92OyASoYd36lQ/',
  ),
  /** Codex 0.169, HTTP (rustls; a new extension order for each connection). */
  codex: inflate(
    '7dQ9CsJAEAXgNzsz68aoKBEjoiBY+hN/TiQp3Ea0yKH0FttYCB5EJHdQyAW0FfIVr5nHK2fApHeC3pjxxfRbAf3EJJRwWIT54xrWIXtc8Caox05e8uyVElCr1Wr/avLDH5xDhYUZMQwBKYAlDBHaGGOkLGzZNZx16sSSklAkkUYWCqVqYVZlFx0gzv2+OJyLVX46ookmXK/EBCmG1b1l/Nb5ojhnm9XmAw==',
  ),
  /** The same client a moment later, in another order. */
  codexAgain: inflate(
    '7dQ7CsJQEEbhf+7MxBtfGCJGREGw9BGjK5IUphFT3EXpLm5jIWQhIu5B0Q1oK+SrT30GTHol6IUZX0y/BejHJqaY/cLPq7Nf+7Q64UnQAjMAc6iwMEOh9OkTAE00YaMHJkgwxBKGCC2YT9BDF2jlxc7tS7fKjwd0MMZIWThg27CBVSsBKQmFEmoYYCt3uUUP8ajVarV/Nfnht+8/tk2xsYVzZZqtshc=',
  ),
  /** Codex 0.169, WebSocket (rustls). */
  codexWebSocket: inflate(
    '7dRNCkFhFMbx/7nnnOu9RN2ukChl6LOsxlAyMPCxLDZgYPQuwEIke6BsgKm6v/H/mT4tFb8KflHli8G3gGaRFFJoHMfR7RzncXY78RJ8CRTk0Fgdt9PDcbNfbafrw44aiYDj8tlPSERY2MPu+dMipVKp9K/6P3xmnR5dV9NUQyWkwYOl4mKSWeZZyhBoA1WqhPxJnzYdRripqb4B',
  ),
  /** opencode 1.18 (Bun 1.3 fetch, padded). */
  opencode: inflate(
    '5Y5BasJAFEDfnz8TRkUoSTRuBFFxY00U8UCiAQU1gl7Eve71FnMAz9FTFFrwAnbft37wXlvFIMi3Km/ovRPoJ5KYRMM4FOEzTJ+P5z3UQhLqIeXKjYKFIBcgowXxvlqXu1NeHcvDqlqX+XJLBj+CQB1PRJeMDg2MwAD4oEHNb87nYzHLZzicvMpNUmKr3lpx6p0TH0VihBiYM2JI9w//E4wIY5xVq0qLL/4Fvw==',
  ),
  /** Copilot CLI 1.0, inference (OpenSSL 3.5 from Rust). */
  copilot: inflate(
    '7dRdSkJRFIbhd+21924dpfB0SvszAoUCSxMrCGww1YVKRF7YLBpCP7fVKPYAHEiEcygagdfBea5fvsuvrhI3hZirssTBsoBh4QotJB2nU97mH/P3+WfqpB6vqZ2OuEutdMgoVdIGlylLBQNeeOaKIef0hPD0I8jfUEEOa9fTSXc0mY0fb7q3D/dU8Yo4KqxTyxc0abDPFtuCCC2gRpXMxrPZtNfv9qkDDWCVC86ykMXMew0a1VbMbMd2bc8yq1jVvAWLXoJEUVVR511w0dEhePWqnOBEGPhv/5UvfKJUKpX+q+byN/8F',
  ),
  /** Copilot CLI 1.0, telemetry (OpenSSL 3.5 from Rust). */
  copilotHttp2: inflate(
    '7dRPSkJRGIbx5zvfOadztUK7paZZgUGBpZkVBLaYcqBSoYPbVhr1Z1qt4izAhUS4h6IVOA7ub/zwDt+Kit8TfEOVJfaXBQxSk2oq8Tie8jb/mL/PP2M7dnmNB/GIu9iKh4xiIW5yFZOY0ueFZ64ZcEFXcE8/gvwN1anB1s1s0hlNsvHj7XA6m9xPs85w+kARq4ihwAal8oImVXapsS2I0AJKrLNqxmdhnGWzbq/TowJUgTUuOU9c4hNr1anXsBJCqIdG2AlJKIRisMEFb8WJF1UVNdY44w1tnFWryglGhL79tl/lhY3kcrncf9Vc/uu/',
  ),
  /** git 2 on GnuTLS. */
  git: inflate(
    'pZBNSsNQFEbPffcl3qRWhZREwUpxWmlaiwMd6VZ0YIqIDuIWHLiG/kxVdA93Ad2TQjdQwTP+OPCdUkXeBHlVZQuDbQOuilBoIUX0s/WHf3vuQ//yzMfrd+957QULX3DB3OfUrNafvuKSpS+ZCqIkJLIR5ZT0qDjkiD4ngogEUYl0CAJdThlEscxiVNtJxHJLEjVLxTqWphokKAfssRuac2va9rmejCaUQAVMeWBGxQ3/pv+HLkMy06iqQeVH2Hzcpwv5/axtXm5Hd0+PHBOu5Rc=',
  ),
  /** curl 7.88 on OpenSSL 3.0. */
  curl: inflate(
    '1ZBLSsNQFEDPffclvqQqYtpUBxXBosVqYy0OBHUvBYMVf0GquJiqUz+buAvIkgQFN1CnnvHhDE6u4hDkS5U5bM4TOMtcppnYnh3wWr/Xb/WH9a3gxbrW48q2bIcLS63JsSWWMeKZGaeccETBtyAPQJsWrI6ry8FjeXt+dz8on8Y31XVJA6+IIyWnSYc2G6yzJoiIExXPCsssuslhmEynVTEcDMl/gzAEltil5zXSWMNCCCEJaWgEH6IQe4kkFlUVdd5FLnb0SYJ6VXUq7ONEGLFNl84fTrT45P/wAw==',
  ),
  /** Node 24 node:tls with http/1.1. */
  node24: inflate(
    '7dRLSkJhHAXw8//+3719VwnUW9rLCAwKLM2sKCioQfMeUJOChCR7S0i0jBbgA2pSUXs4C3AhEe6hqA04Du5vfDhndtIq/rbA31JFH1P9AqiFJtRQWGSeC5xDmzM44ywu8YxO97X70n3jBzs8ZoWH3McT39nmEU94wD1O44I5bDLGIaxhlQFDlLGIFlvcRZNN7mAD61hGUeA9fgvkdzSDYSBVqZ8X7qs3p7d3hepD5bp+VUUcViEGMaSQSPaQRQaTGMGoQAQ5AAnEEbhao1EvlgolpP/agEGsYCnwAj+wVj311Q0458bcuJtwgYu5uLPOc74VT3xRVVFjjWd8gzw8q1YV8zAiKNsv+5nsWSISiUT+q2z/9/8B',
  ),
} as const satisfies Record<string, Buffer>;

/** The hello that tls.connect sends with `options`. */
export function helloOf(options: tls.ConnectionOptions): Buffer {
  const written: Buffer[] = [];
  const nowhere = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const socket = tls.connect({ ...options, socket: nowhere });
  socket.on('error', () => undefined);
  socket.destroy();
  return Buffer.concat(written);
}

/** A copy of a one-record hello with `change` applied to its extensions, lengths repaired. */
export function withExtensions(raw: Buffer, change: (extensions: [id: number, data: Buffer][]) => [number, Buffer][]): Buffer {
  let at = 5 + 4 + 2 + 32;
  at += 1 + raw[at]!;
  at += 2 + raw.readUInt16BE(at);
  at += 1 + raw[at]!;
  const before = raw.subarray(9, at);
  const extensions: [number, Buffer][] = [];
  for (at += 2; at < raw.length; ) {
    const length = raw.readUInt16BE(at + 2);
    extensions.push([raw.readUInt16BE(at), raw.subarray(at + 4, at + 4 + length)]);
    at += 4 + length;
  }
  const list = Buffer.concat(change(extensions).map(([id, data]) => Buffer.concat([u16(id), u16(data.length), data])));
  return record(Buffer.concat([before, u16(list.length), list]));
}

/** A ClientHello body (RFC 8446 4.1.2) in its handshake and record headers. */
export function record(body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([1, body.length >> 16, (body.length >> 8) & 255, body.length & 255]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), u16(message.length), message]);
}

/** The same hello cut into TLS records of these sizes, the last one repeated. */
export function intoRecords(raw: Buffer, sizes: readonly number[]): Buffer {
  const message = raw.subarray(5);
  const out: Buffer[] = [];
  for (let at = 0, i = 0; at < message.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)]!;
    const part = message.subarray(at, at + size);
    out.push(Buffer.from([22, 3, 1]), u16(part.length), part);
    at += size;
  }
  return Buffer.concat(out);
}

/** Two bytes, big-endian. */
export function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}
