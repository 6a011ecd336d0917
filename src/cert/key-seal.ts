// How the key of the CA is written down: sealed by whoever opens the CA, or as it is where nothing can be sealed.
// Must not know what seals.
import { CertFault } from './cert-fault.ts';

/** Seals the text of a key file. */
export interface KeySeal {
  /** Undefined while nothing can be sealed: then a new key is written as it is, and one that is sealed does not open. */
  readonly seal: ((pem: string) => string) | undefined;
  /** Throws an Error whose message is one line. */
  open(sealed: string): string;
}

/** Nothing can be sealed. */
export const UNSEALED: KeySeal = {
  seal: undefined,
  open: () => {
    throw new Error('it is sealed, and there is nothing to open it with');
  },
};

/** Whether the text of a key file is sealed. */
export function isSealed(text: string): boolean {
  return text.startsWith('enc:v');
}

/** The PEM in the text of the key file at `path`. CertFault where it is sealed and does not open. */
export function unsealed(path: string, text: string, seal: KeySeal): string {
  if (!isSealed(text)) return text;
  try {
    return seal.open(text.trim());
  } catch (cause) {
    throw new CertFault(`${path} does not open: ${(cause as Error).message}`, { cause });
  }
}

/** What to write for a PEM. */
export function sealed(pem: string, { seal }: KeySeal): string {
  return seal ? `${seal(pem)}\n` : pem;
}
