// Stores of Linux distributions: a folder of the administrator's anchors, a program that makes bundles of them, and a bundle that tells whether
// it did. Must not know any distribution.
import { join } from 'node:path';
import { shellWord } from '../shell-word.ts';
import { CertFault } from './cert-fault.ts';
import {
  entryName,
  holds,
  type Machine,
  OURS,
  type Place,
  type PlannedUndo,
  type Standing,
  type TrustCertificate,
  type TrustStore,
} from './trust-store.ts';

/** What an anchor is called that somebody puts there by hand; ours begin with it. */
const BY_HAND = 'sallyport';

/** What distinguishes one distribution from another. */
export interface AnchorFacts {
  readonly name: string;
  readonly title: string;
  /** Where anchors are put, each a file. */
  readonly folder: string;
  /** With the dot. */
  readonly ending: string;
  /** The program that makes the bundles, and its words. */
  readonly update: readonly string[];
  /** The switch that makes it clear away what it made of an anchor that is gone. */
  readonly fresh?: string;
  /** The package it is in. */
  readonly from: string;
  /** The bundle that most programs read. */
  readonly bundle: string;
  readonly isHere: (machine: Machine) => boolean;
  /** Other files that the program changes, and what else has to go once it has run without the anchor: see Plan. */
  readonly touches?: readonly string[];
  readonly alsoUndo?: (certificate: TrustCertificate, machine: Machine) => readonly PlannedUndo[];
}

/** A store of that kind. */
export function anchorStore(facts: AnchorFacts): TrustStore {
  const { name, title, folder, ending, update, bundle } = facts;
  const file = (certificate: TrustCertificate) => join(folder, `${entryName(certificate)}${ending}`);
  const run = { argv: update, root: true } as const;
  const help = (from: string) => `sudo install -m 644 ${shellWord(from)} ${folder}/${BY_HAND}${ending} && sudo ${update.join(' ')}`;
  const helpOut = () => `sudo rm ${folder}/${BY_HAND}*${ending} && sudo ${update.join(' ')}${facts.fresh ? ` ${facts.fresh}` : ''}`;
  const check = async (machine: Machine, certificates: readonly TrustCertificate[]): Promise<Standing> => {
    const text = machine.read(bundle)?.toString('latin1');
    if (text === undefined) return { state: 'unknown', why: `${bundle} cannot be read: sudo ${update.join(' ')} makes it` };
    if (certificates[0] && holds(text, certificates[0])) return { state: 'current' };
    const isOurs = machine.list(folder).some((entry) => entry.startsWith(OURS));
    return { state: isOurs || certificates.some((one) => holds(text, one)) ? 'older' : 'absent' };
  };
  const place = (machine: Machine): Place => ({
    at: folder,
    check: (certificates) => check(machine, certificates),
    plan: async (certificates) => {
      if (machine.find(update[0]!) === undefined) throw new CertFault(`${update[0]} is not here: install the package ${facts.from}`);
      return {
        // Readable by all: every program of every user has to trust it.
        write: certificates.map((one) => ({ path: file(one), content: one.pem, mode: 0o644 })),
        ...(facts.touches && { touches: facts.touches }),
        run: [run],
        undoAfter: [run, ...certificates.flatMap((one) => facts.alsoUndo?.(one, machine) ?? [])],
        manual: help(machine.caFile),
      };
    },
  });
  return {
    name,
    title,
    help,
    helpOut,
    places: (machine) => (machine.platform === 'linux' && facts.isHere(machine) ? [place(machine)] : []),
  };
}
