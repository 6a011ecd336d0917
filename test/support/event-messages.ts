// AWS event messages (application/vnd.amazon.eventstream) written and read by their published layout.
import { crc32 } from 'node:zlib';

/** A message with string headers. */
export function writeMessage(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
    }),
  );
  const body = Buffer.from(payload);
  const out = Buffer.alloc(16 + head.length + body.length);
  out.writeUInt32BE(out.length, 0);
  out.writeUInt32BE(head.length, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  head.copy(out, 12);
  body.copy(out, 12 + head.length);
  out.writeUInt32BE(crc32(out.subarray(0, -4)), out.length - 4);
  return out;
}

/** The payloads of a stream. Throws where a length or a checksum is wrong. */
export function readPayloads(stream: Buffer): string[] {
  const out: string[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = stream.readUInt32BE(at);
    const message = stream.subarray(at, at + length);
    if (message.length !== length) throw new Error('cut');
    if (crc32(message.subarray(0, 8)) !== message.readUInt32BE(8)) throw new Error('prelude');
    if (crc32(message.subarray(0, -4)) !== message.readUInt32BE(length - 4)) throw new Error('message');
    out.push(message.toString('utf8', 12 + message.readUInt32BE(4), length - 4));
    at += length;
  }
  return out;
}
