// Pictures that say where they were taken, built byte by byte, and a reader of what they say that shares nothing with the product.
import { deflateSync } from 'node:zlib';

/** 51° 30' 26" N 0° 7' 39" W as rationals, and the reference letters. */
const LATITUDE = [51, 1, 30, 1, 26, 1];
const LONGITUDE = [0, 1, 7, 1, 39, 1];

type Field = readonly [tag: number, type: number, value: readonly number[] | string];

/** TIFF data: a directory with the orientation 6 and, unless told otherwise, one of places. */
export function tiff({
  order = 'II',
  gps = true,
  isDeep = false,
  more = [],
}: {
  order?: 'II' | 'MM';
  gps?: boolean;
  /** The directory of places hangs below Exif's own. */
  isDeep?: boolean;
  more?: readonly Field[];
} = {}): Buffer {
  const out = Buffer.alloc(4096);
  let free = 0;
  const u16 = (at: number, value: number) => (order === 'II' ? out.writeUInt16LE(value, at) : out.writeUInt16BE(value, at));
  const u32 = (at: number, value: number) => (order === 'II' ? out.writeUInt32LE(value, at) : out.writeUInt32BE(value, at));
  const directory = (fields: readonly Field[], pointers: readonly (readonly [tag: number, to: () => number])[] = []): number => {
    const at = free;
    const sorted = [...fields, ...pointers].sort((a, b) => a[0] - b[0]);
    free += 2 + sorted.length * 12 + 4;
    u16(at, sorted.length);
    sorted.forEach((field, i) => {
      const entry = at + 2 + i * 12;
      u16(entry, field[0]);
      if (field.length === 2) {
        u16(entry + 2, 4);
        u32(entry + 4, 1);
        u32(entry + 8, field[1]());
        return;
      }
      const [, type, value] = field;
      u16(entry + 2, type);
      if (typeof value === 'string') {
        const bytes = Buffer.from(`${value}\0`);
        u32(entry + 4, bytes.length);
        if (bytes.length <= 4) bytes.copy(out, entry + 8);
        else {
          u32(entry + 8, free);
          bytes.copy(out, free);
          free += bytes.length + (bytes.length & 1);
        }
      } else if (type === 5) {
        u32(entry + 4, value.length / 2);
        u32(entry + 8, free);
        for (const one of value) {
          u32(free, one);
          free += 4;
        }
      } else {
        u32(entry + 4, 1);
        u16(entry + 8, value[0]!);
      }
    });
    return at;
  };
  out.write(order, 'latin1');
  u16(2, 42);
  u32(4, 8);
  free = 8;
  const places = () =>
    directory([
      [1, 2, 'N'],
      [2, 5, LATITUDE],
      [3, 2, 'W'],
      [4, 5, LONGITUDE],
    ]);
  directory(
    [[0x0112, 3, [6]], [0x010f, 2, 'A camera of mine'], ...more],
    gps ? [isDeep ? [0x8769, () => directory([], [[0x8825, places]])] : [0x8825, places]] : [],
  );
  return out.subarray(0, free);
}

/** A JPEG of segments and a stretch of picture. */
export function jpeg(...segments: readonly (readonly [marker: number, data: Buffer])[]): Buffer {
  const parts = segments.map(([marker, data]) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  });
  const scan = Buffer.from([0xff, 0xda, 0, 2, ...Array.from({ length: 200 }, (_, i) => (i * 7) % 255), 0xff, 0xd9]);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...parts, scan]);
}

/** The segment of Exif data. */
export const exif = (data: Buffer): readonly [number, Buffer] => [0xe1, Buffer.concat([Buffer.from('Exif\0\0'), data])];

/** A PNG of chunks. */
export function png(...chunks: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const all: (readonly [string, Buffer])[] = [
    ['IHDR', Buffer.from('00000001000000010802000000', 'hex')],
    ...chunks,
    ['IDAT', deflateSync(Buffer.alloc(4))],
    ['IEND', Buffer.alloc(0)],
  ];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...all.map(([name, data]) => chunk(name, data))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** CRC-32 bit by bit (ISO 3309). */
export function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let i = 0; i < 8; i++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

/** Whether every chunk of a PNG has its checksum. */
export function isSound(bytes: Buffer): boolean {
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (crc(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length)) return false;
    at += 12 + length;
  }
  return true;
}

/** The latitude's rationals, wherever they stand: whether a picture still says where it was taken. */
export function saysPlace(bytes: Buffer): boolean {
  return [false, true].some((isBig) => {
    const wanted = Buffer.alloc(16);
    for (const [i, value] of LATITUDE.slice(0, 4).entries()) {
      if (isBig) wanted.writeUInt32BE(value, i * 4);
      else wanted.writeUInt32LE(value, i * 4);
    }
    return bytes.includes(wanted);
  });
}
