// What a trust store is: where it lies on a machine, how to see what it trusts, and which files and programs put our certificates in and take
// them out again. One file in trust/ is one of these. All of it is told, nothing is done: whoever is handed a plan carries it out.
import { X509Certificate } from 'node:crypto';

/** One certificate of our CA, as stores want it. */
export interface TrustCertificate {
  /** `Sallyport CA 1a2b3c4d`. */
  readonly subject: string;
  /** Unlike that of any other certificate, and fit for a file name: 16 hex digits. */
  readonly id: string;
  /** With a line end. */
  readonly pem: string;
  /** Upper-case hex with colons. */
  readonly fingerprint256: string;
  /** Upper-case hex without colons, as macOS and Windows name certificates. */
  readonly sha1: string;
  readonly endsAtMs: number;
}

/** What a store may look at. Never rejects: what cannot be read is not there. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  /** The certificates as a file, for what is done by hand. */
  readonly caFile: string;
  /** A folder that is ours, for certificates that a program reads from a file. */
  readonly ownFolder: string;
  readonly exists: (path: string) => boolean;
  /** Whether this user may write it. */
  readonly canWrite: (path: string) => boolean;
  /** Names in a folder; none where there is none. */
  list(folder: string): readonly string[];
  read(path: string): Buffer | undefined;
  /** Where a path leads in the end; itself where it leads nowhere. */
  realPath(path: string): string;
  /** The path of a program. */
  find(program: string): string | undefined;
  /** Runs a program that changes nothing of the system. Code 127 where it is not there. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly output: string }>;
  /** Runs `act` with a private folder that is gone afterwards. */
  scratch<T>(act: (folder: Scratch) => Promise<T>): Promise<T>;
}

/** A private folder to work in. */
export interface Scratch {
  readonly path: string;
  /** Writes a file into it and gives its path. */
  write(name: string, content: Uint8Array | string): string;
}

/** A program to run. There is no shell. */
export interface PlannedRun {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Only root may. */
  readonly root?: true;
}

/** A program that takes something back: only while `ifExists` is there, only where `when` ends with 0. */
export interface PlannedUndo extends PlannedRun {
  readonly ifExists?: string;
  readonly when?: PlannedRun;
  /** Exit codes that say that there was nothing to take back. */
  readonly fine?: readonly number[];
}

/** How certificates get into a place: the files first, then the programs; and how they get out: `undoBefore`, the files back, `undoAfter`. */
export interface Plan {
  readonly write?: readonly {
    readonly path: string;
    readonly content: string | Uint8Array;
    readonly mode?: number;
    readonly byTool?: true;
  }[];
  /** Files that the programs change, which come back as they were where nobody else has changed them since. */
  readonly touches?: readonly string[];
  readonly run?: readonly PlannedRun[];
  readonly undoBefore?: readonly PlannedUndo[];
  readonly undoAfter?: readonly PlannedUndo[];
  /** What to do by hand, in one line. */
  readonly manual: string;
}

/** What a place trusts: all of ours, only an older one, none, or nobody can tell. */
export type Standing =
  | { readonly state: 'current' | 'older' | 'absent' }
  | { readonly state: 'unknown' /** Why, and what to do: one line. */; readonly why: string };

/** One place on this machine that a store is about: there may be many browser profiles. */
export interface Place {
  /** The path, or what people call it. */
  readonly at: string;
  /** `certificates`: the current one first. */
  check(certificates: readonly TrustCertificate[]): Promise<Standing>;
  /** Rejects with CertFault where it cannot be done here: one line with what to do. */
  plan(certificates: readonly TrustCertificate[]): Promise<Plan>;
}

/** A kind of store. */
export interface TrustStore {
  /** As the file is called. */
  readonly name: string;
  /** What it is, for lists: `Debian and Ubuntu`. */
  readonly title: string;
  /** How to do it by hand, in one line that can be typed; `file` is a certificate as PEM. */
  help(file: string): string;
  /** How to take it out by hand, in one line; `at` as a place calls itself. */
  helpOut(at: string): string;
  /** Where it is on this machine; none where it is not. */
  places(machine: Machine): readonly Place[];
}

/** The certificates of a PEM text, in order. Throws where one cannot be read. */
export function trustCertificates(pem: string): readonly TrustCertificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((block) => {
    const { subject, fingerprint256, fingerprint, validToDate } = new X509Certificate(block);
    return {
      subject: subject.split('CN=').at(-1)!,
      id: fingerprint256.replaceAll(':', '').toLowerCase().slice(0, 16),
      pem: `${block}\n`,
      fingerprint256,
      sha1: fingerprint.replaceAll(':', ''),
      endsAtMs: validToDate.getTime(),
    };
  });
}

/** What our files and entries are called, whoever they belong to. */
export function entryName({ id }: TrustCertificate): string {
  return `sallyport-${id}`;
}

/** What nicknames and file names of ours begin with. */
export const OURS = 'sallyport-';

/** Whether a text of PEM blocks holds this one, however its lines are broken. */
export function holds(text: string, { pem }: TrustCertificate): boolean {
  return text.replaceAll(/\s/g, '').includes(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''));
}
