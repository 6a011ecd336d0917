// Types for the one part of node-forge that is loaded, its ASN.1 codec: the whole package takes 30 ms to load, this 8.
// Must not name any other part: keys, hashes and signatures are node:crypto's.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge';

  const part: typeof asn1;
  export default part;
}
