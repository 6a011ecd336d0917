// Which certificate authorities an upstream may be signed by: Node's bundled roots, the system's, and the files the user
// named. Never our own CA, wherever it is installed. Must not know about hosts: what a chain must look like is in chain.ts.
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/** Trust roots for upstreams. Lives as long as the process; a reload that fails leaves it as it was. */
export interface Trust {
  /** Goes up when the set of roots changes: contexts made under another number are stale. */
  readonly generation: number;
  /** How many roots are trusted. */
  readonly size: number;
  /** Runs `make` (synchronous) so that every TLS context it creates verifies against exactly these roots. */
  withRoots<T>(make: () => T): T;
  /** The trusted roots whose subject is `name`, as `X509Certificate.issuer` words it. */
  rootsNamed(name: string): readonly X509Certificate[];
  /** Whether the certificate carries a key of our own CA, as `ownCa` gives them now. */
  isOwn(certificate: X509Certificate): boolean;
  /** Reads the system store and the files again; true when the roots changed. Rejects with an Error of one sentence, and changes nothing. */
  reload(): Promise<boolean>;
}

/** What openTrust needs. */
export interface TrustOptions {
  /** PEM files with further roots. */
  readonly extraCaFiles: readonly string[];
  /** PEM text of every certificate our own CA has or had; asked at each use, so that a new or changed CA counts at once. */
  readonly ownCa: () => string;
  /** The system's roots as they are now, PEM. Default: asks a fresh Node, since a process only ever gets its first answer again. */
  readonly readSystem?: () => Promise<readonly string[]>;
}

/**
 * Opens the roots. Throws Error, one sentence naming the file, when an extra file cannot be read or holds no sound certificate. The stores
 * themselves, which take 50 ms and more, are read at the first use of any member: read `size` when there is time.
 */
export function openTrust({ extraCaFiles, ownCa, readSystem = askFreshNode }: TrustOptions): Trust {
  const ownKeys = rememberOwnKeys(ownCa);
  let system: readonly X509Certificate[] | undefined;
  let extra = extraCaFiles.flatMap(readRoots);
  let roots: Roots | undefined;
  let generation = 1;
  let busy: Promise<unknown> = Promise.resolve();

  const current = (): Roots => {
    const own = ownKeys();
    if (roots?.own === own) return roots;
    system ??= parseAll(tls.getCACertificates('system'));
    const next = compose(system, extra, own);
    if (roots && roots.id !== next.id) generation++;
    roots = roots?.id === next.id ? { ...roots, own } : next;
    return roots;
  };
  const reload = async () => {
    const nextExtra = extraCaFiles.flatMap(readRoots);
    const nextSystem = parseAll(await readSystem());
    const before = current().id;
    extra = nextExtra;
    system = nextSystem;
    const next = compose(system, extra, ownKeys());
    if (next.id === before) return false;
    roots = next;
    generation++;
    return true;
  };

  return {
    get generation() {
      current();
      return generation;
    },
    get size() {
      return current().pems.length;
    },
    withRoots(make) {
      install(current().pems);
      return make();
    },
    rootsNamed: (name) => current().bySubject.get(nameKey(name)) ?? [],
    isOwn: (certificate) => ownKeys().some((key) => certificate.raw.includes(key)),
    reload() {
      const mine = busy.then(reload);
      busy = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** The certificates of a PEM file of roots. Throws Error, one sentence naming the file. */
function readRoots(file: string): X509Certificate[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (cause) {
    throw new Error(`The CA file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  }
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new Error(`The CA file ${file} holds no PEM certificate.`);
  return blocks.map((pem, i) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new Error(`Certificate ${i + 1} in the CA file ${file} is malformed.`, { cause });
    }
  });
}

interface Roots {
  /** The own keys this set was made without. */
  readonly own: readonly Buffer[];
  readonly pems: readonly string[];
  readonly bySubject: ReadonlyMap<string, readonly X509Certificate[]>;
  readonly id: string;
}

function compose(system: readonly X509Certificate[], extra: readonly X509Certificate[], own: readonly Buffer[]): Roots {
  const found = new Map<string, X509Certificate>();
  for (const certificate of [...bundledRoots(), ...system, ...extra]) {
    if (!own.some((key) => certificate.raw.includes(key))) found.set(certificate.raw.toString('latin1'), certificate);
  }
  const bySubject = new Map<string, X509Certificate[]>();
  for (const certificate of found.values()) {
    const key = nameKey(certificate.subject);
    const same = bySubject.get(key);
    if (same) same.push(certificate);
    else bySubject.set(key, [certificate]);
  }
  const hash = createHash('sha256');
  for (const der of [...found.keys()].sort()) hash.update(der, 'latin1');
  return { own, pems: [...found.values()].map(String), bySubject, id: hash.digest('hex') };
}

/** RFC 5280 7.1: names compare without regard to case and to runs of blanks. */
const nameKey = (name: string): string => name.toLowerCase().replace(/ +/g, ' ');

let bundled: readonly X509Certificate[] | undefined;
function bundledRoots(): readonly X509Certificate[] {
  bundled ??= parseAll(tls.getCACertificates('bundled'));
  return bundled;
}

// A context given its roots (`ca`) parses them all, 10 ms and 1.2 MB each time; one that takes the process's default shares one store
// and keeps it. So the default is set to the roots in question just before a context is made; with one Trust that happens once a reload.
let installed: readonly string[] | undefined;
function install(pems: readonly string[]): void {
  if (installed === pems) return;
  tls.setDefaultCACertificates(pems as string[]);
  installed = pems;
}

function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

// A store may hold what OpenSSL cannot read; that one cannot vouch for anybody and is left out.
function parseAll(pems: readonly string[]): X509Certificate[] {
  return [...new Set(pems)].flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
}

/** The public keys (SubjectPublicKeyInfo, DER) in what `ownCa` returns; the same array for as long as it returns the same text. */
function rememberOwnKeys(ownCa: () => string): () => readonly Buffer[] {
  let text = '';
  let keys: readonly Buffer[] = [];
  return () => {
    const now = ownCa();
    if (now !== text) {
      keys = pemBlocks(now).map((pem) => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));
      text = now;
    }
    return keys;
  };
}

function askFreshNode(): Promise<readonly string[]> {
  const script = "process.stdout.write(require('node:tls').getCACertificates('system').join('\\n'))";
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', script], { timeout: 20_000, maxBuffer: 32 << 20 }, (cause, stdout) => {
      if (cause) reject(new Error("The system's certificate store could not be read again.", { cause }));
      else resolve(pemBlocks(stdout));
    });
  });
}
