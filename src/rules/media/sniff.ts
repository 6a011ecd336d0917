// What bytes are by how they begin, whatever anybody calls them.
// It must not know where they stand.

/** The kinds that a rule can speak of. */
export type MediaKind = 'image' | 'document' | 'audio' | 'video';

/** How many bytes decide. */
export const SNIFFED_BYTES = 16;

/** Signatures from the specifications of the formats, as hex; `..` is any byte. */
const SIGNATURES: readonly (readonly [kind: MediaKind, signature: string])[] = [
  ['image', 'ffd8ff'],
  ['image', '89504e470d0a1a0a'],
  ['image', '47494638'],
  ['image', '52494646........57454250'],
  ['image', '49492a00'],
  ['image', '4d4d002a'],
  ['image', '424d............0000'],
  ['image', '........6674797068656963'],
  ['image', '........6674797068656978'],
  ['image', '........667479706d696631'],
  ['image', '........6674797061766966'],
  ['document', '255044462d'],
  ['audio', '52494646........57415645'],
  ['audio', '494433'],
  ['audio', '4f676753'],
  ['audio', '664c6143'],
  ['audio', '........667479704d3441'],
  ['video', '........66747970'],
  ['video', '1a45dfa3'],
];

/** Frames of MP3 and AAC begin with so few bits that other things begin so too. */
const SOUND_FRAME = /^ff(?:fb|f3|f2|f1|f9)/;

const COMPILED = SIGNATURES.map(([kind, signature]) => [kind, new RegExp(`^${signature}`)] as const);

/** The kind of what begins with these bytes; undefined for what is none of them. */
export function sniff(head: Uint8Array): MediaKind | undefined {
  const hex = Buffer.from(head.subarray(0, SNIFFED_BYTES)).toString('hex');
  return COMPILED.find(([, signature]) => signature.test(hex))?.[0];
}

/** Whether frames of sound may begin here, where sound is to be expected. */
export function beginsSoundFrame(head: Uint8Array): boolean {
  return SOUND_FRAME.test(Buffer.from(head.subarray(0, SNIFFED_BYTES)).toString('hex'));
}

/** The kind of a media type such as `image/png`; undefined for one that is none of them. */
export function kindOfType(type: string): MediaKind | undefined {
  const lower = type.trim().toLowerCase();
  if (lower.startsWith('application/pdf')) return 'document';
  return (['image', 'audio', 'video'] as const).find((kind) => lower.startsWith(`${kind}/`));
}
