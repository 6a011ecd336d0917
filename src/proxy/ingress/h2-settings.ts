// The client's connection preface read raw, before nghttp2 sees it, so that its SETTINGS and connection window can be
// mirrored upstream in what node:http2 allows (RFC 9113 3.4, 6.5). It knows nothing of streams.
import type { Settings } from 'node:http2';
import { Fault } from '../../fault.ts';

/** What a client says of itself before its first request. */
export interface ClientPreface {
  /** SETTINGS entries in wire order. */
  readonly settings: readonly (readonly [id: number, value: number])[];
  /** Increment of a connection-level WINDOW_UPDATE that came along, 0 when none. */
  readonly windowIncrement: number;
}

const MAGIC = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const MAX_PREFACE = 16 * 1024;

/** Parses the preface; undefined while bytes are missing. Fault bad-request when it is none. */
export function parsePreface(bytes: Buffer): ClientPreface | undefined {
  const n = Math.min(bytes.length, MAGIC.length);
  if (!bytes.subarray(0, n).equals(MAGIC.subarray(0, n))) throw new Fault('bad-request', 'no HTTP/2 preface');
  let frame = frameAt(bytes, MAGIC.length);
  if (!frame) {
    if (bytes.length > MAX_PREFACE) throw new Fault('bad-request', 'the HTTP/2 preface is too long');
    return undefined;
  }
  if (frame.type !== SETTINGS || frame.payload.length % 6 !== 0) throw new Fault('bad-request', 'no SETTINGS in the HTTP/2 preface');
  const settings: [number, number][] = [];
  for (let i = 0; i < frame.payload.length; i += 6) settings.push([frame.payload.readUInt16BE(i), frame.payload.readUInt32BE(i + 2)]);
  let windowIncrement = 0;
  for (let seen = 0; seen < 8; seen++) {
    frame = frameAt(bytes, frame.end);
    if (!frame) break;
    if (frame.type === WINDOW_UPDATE && frame.stream === 0 && frame.payload.length === 4)
      windowIncrement = frame.payload.readUInt32BE(0) & 0x7fffffff;
  }
  return { settings, windowIncrement };
}

function frameAt(bytes: Buffer, at: number): { type: number; stream: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < at + 9) return undefined;
  const length = bytes.readUIntBE(at, 3);
  if (length > MAX_PREFACE) throw new Fault('bad-request', 'the HTTP/2 preface is too long');
  const end = at + 9 + length;
  if (bytes.length < end) return undefined;
  return { type: bytes[at + 3]!, stream: bytes.readUInt32BE(at + 5) & 0x7fffffff, payload: bytes.subarray(at + 9, end), end };
}

const NAMES: Readonly<Record<number, keyof Settings>> = {
  1: 'headerTableSize',
  2: 'enablePush',
  3: 'maxConcurrentStreams',
  4: 'initialWindowSize',
  5: 'maxFrameSize',
  6: 'maxHeaderListSize',
  8: 'enableConnectProtocol',
};

/** What upstream may have on its way to a client that reads nothing is held here, and so is its compression table: bounds above any client we know (curl asks for 10 MiB). */
const MOST: Readonly<Partial<Record<keyof Settings, number>>> = { initialWindowSize: 12 * 1024 * 1024, headerTableSize: 1024 * 1024 };

/** Values that node:http2 throws on, or that end the process (nghttp2 refuses them, Node asserts). The client's own session answers for them. */
function isSayable(id: number, value: number): boolean {
  if (id === 5) return value >= 16_384 && value <= 16_777_215;
  if (id === 9) return value === 1;
  return id <= 8 || value > 0;
}

/** The entries as node:http2 takes them, windows within our bounds on memory; unknown ids (GREASE, no-RFC7540-priorities) go through `customSettings`, at most ten. */
export function mirroredSettings(entries: ClientPreface['settings']): Settings {
  const out: Record<string, unknown> = {};
  const custom: Record<number, number> = {};
  for (const [id, value] of entries) {
    if (!isSayable(id, value)) continue;
    const name = NAMES[id];
    if (name === 'enablePush' || name === 'enableConnectProtocol') out[name] = value === 1;
    else if (name) out[name] = Math.min(value, MOST[name] ?? value);
    // Ids 7 and 0 are reserved, and a standard id among custom ones ends the process.
    else if (id > 8 && Object.keys(custom).length < 10) custom[id] = value;
  }
  if (Object.keys(custom).length > 0) out.customSettings = custom;
  return out as Settings;
}

/** What upstream gets for these entries, in the order node:http2 sends them: by id. */
export function sentSettings(entries: ClientPreface['settings']): ClientPreface['settings'] {
  const { customSettings = {}, ...named } = mirroredSettings(entries);
  const known = Object.entries(NAMES).flatMap(([id, name]) =>
    name in named ? [[Number(id), Number((named as Record<string, unknown>)[name])] as const] : [],
  );
  const custom = Object.entries(customSettings).map(([id, value]) => [Number(id), value] as const);
  return [...known, ...custom].sort(([a], [b]) => a - b);
}

/** What we tell the client: what upstream told us, within our own bounds on memory. */
export function settingsForClient(upstream: Settings): Settings {
  return {
    enableConnectProtocol: upstream.enableConnectProtocol ?? false,
    maxConcurrentStreams: Math.min(upstream.maxConcurrentStreams ?? 250, 250),
    initialWindowSize: Math.min(Math.max(upstream.initialWindowSize ?? 65_535, 65_535), 1 << 20),
    maxHeaderListSize: 128 * 1024,
  };
}
