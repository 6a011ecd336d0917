// DER building blocks for certificates (X.690), over node-forge's ASN.1 codec.
// Must not know what a certificate means, and never verifies anything.
import type { asn1 as Forge } from 'node-forge';
import asn1 from 'node-forge/lib/asn1.js';

/** One ASN.1 value, not yet encoded. */
export type Node = Forge.Asn1;

const { Class, Type } = asn1;
// From here on dates do not fit UTCTime (RFC 5280 4.1.2.5).
const YEAR_2050 = Date.UTC(2050, 0, 1);

/** SEQUENCE of the given values. */
export function sequence(...items: Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
}

/** SET of the given values, in the order given: pass one only where DER would have to sort. */
export function set(...items: Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, items);
}

/** OBJECT IDENTIFIER from its dotted text. */
export function oid(dotted: string): Node {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

/** INTEGER from big-endian two's complement bytes. */
export function integer(bytes: Uint8Array): Node {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, binary(bytes));
}

/** BOOLEAN TRUE; DER leaves out what is false by default. */
export function yes(): Node {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, '\xff');
}

/** BIT STRING of whole bytes, or with `unusedBits` (0 to 7) at the end of the last one. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Node {
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, String.fromCharCode(unusedBits) + binary(bytes));
}

/** OCTET STRING. */
export function octets(bytes: Uint8Array): Node {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, binary(bytes));
}

/** UTF8String. */
export function utf8(text: string): Node {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, binary(Buffer.from(text, 'utf8')));
}

/** Context-specific tag around values: `[tag] { … }`. */
export function tagged(tag: number, ...items: Node[]): Node {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag as Forge.Type, true, items);
}

/** Context-specific tag in place of a primitive's own: `[tag] IMPLICIT`. */
export function taggedBytes(tag: number, bytes: Uint8Array): Node {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag as Forge.Type, false, binary(bytes));
}

/** A Time of RFC 5280: UTCTime to 2049, GeneralizedTime after. `ms` since the epoch, cut to whole seconds. */
export function time(ms: number): Node {
  const date = new Date(ms);
  return ms < YEAR_2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

/** The DER bytes of a value. */
export function encode(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

/** The value that DER bytes hold. Throws an Error when they are malformed. */
export function decode(bytes: Uint8Array): Node {
  return asn1.fromDer(binary(bytes));
}

/** The values inside a constructed one; none for a primitive. */
export function children(node: Node | undefined): readonly Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

/** The content bytes of a primitive value; empty for a constructed one. */
export function content(node: Node | undefined): Buffer {
  return typeof node?.value === 'string' ? Buffer.from(node.value, 'latin1') : Buffer.alloc(0);
}

/** Whether this is the context-specific tag `tag`. */
export function isTagged(node: Node, tag: number): boolean {
  return node.tagClass === Class.CONTEXT_SPECIFIC && (node.type as number) === tag;
}

/** Whether this is the OBJECT IDENTIFIER with that dotted text. */
export function isOid(node: Node | undefined, dotted: string): boolean {
  return node?.type === Type.OID && asn1.derToOid(node.value as string) === dotted;
}

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
