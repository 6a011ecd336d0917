// What a change to the system is, as it is written down: data alone, so that a later version, or whoever comes after a crash, can take it
// back. Must not know how anything is done.
import { z } from 'zod';

/** Whose change it is. */
export const KINDS = ['ca', 'service', 'system', 'transparent'] as const;
/** One of KINDS. */
export type Kind = (typeof KINDS)[number];

/** A program and its arguments; there is no shell. `$(…)`, quotes and newlines in them are what they are. */
const RUN = z.strictObject({
  /** The program and its words. */
  argv: z.array(z.string()).min(1).readonly(),
  /** Added to the environment. */
  env: z.record(z.string(), z.string()).readonly().optional(),
  /** Standard input; nothing without it. */
  input: z.string().optional(),
  /** Whether only root may. Whoever is not asks through sudo. */
  root: z.literal(true).optional(),
});
/** A program to run. */
export type Run = z.infer<typeof RUN>;

/** Hex SHA-256 of each content that we have written there: a file is ours while it holds one of them. */
const WROTE = z.array(z.string()).readonly();

/** A program may have changed it since, and is asked to take its part back itself: then the file is left without a word. */
const BY_TOOL = z.literal(true).optional();

const UNDO = z.discriminatedUnion('how', [
  /** Only while it is a file that holds what we wrote; otherwise left and told. */
  z.strictObject({ how: z.literal('remove-file'), path: z.string(), wrote: WROTE, byTool: BY_TOOL }),
  /** The same. `content` is base64; `mode` the permission bits. */
  z.strictObject({
    how: z.literal('restore-file'),
    path: z.string(),
    wrote: WROTE,
    content: z.base64(),
    mode: z.int(),
    uid: z.int(),
    gid: z.int(),
    byTool: BY_TOOL,
  }),
  /** Only while it is empty. */
  z.strictObject({ how: z.literal('remove-folder'), path: z.string() }),
  /**
   * `ifExists`: only while that path is there. `when`: only where this program ends with 0. `fine`: exit codes that say that there is nothing to
   * take back. Must be harmless where the change was never made.
   */
  RUN.extend({
    how: z.literal('run'),
    ifExists: z.string().optional(),
    when: RUN.optional(),
    fine: z.array(z.int()).readonly().optional(),
  }),
]);
/** One step of taking a change back. Each does nothing where it was done already. */
export type Undo = z.infer<typeof UNDO>;
/** The kinds that are about a file. */
export type FileUndo = Extract<Undo, { readonly how: 'remove-file' | 'restore-file' }>;
/** A run of a program that takes something back. */
export type RunUndo = Omit<Extract<Undo, { readonly how: 'run' }>, 'how'>;

/** A change as it lies in the journal. */
export const CHANGE = z.strictObject({
  version: z.literal(1),
  by: z.enum(KINDS),
  /** Its name among those of its kind: a second change of the same name is the same change, made anew. */
  key: z.string(),
  /** One sentence for people: what was done, and where. */
  what: z.string(),
  /** What is written and run, digested: the same again is nothing to do. */
  digest: z.string(),
  /** False from before the first step until after the last one. */
  isDone: z.boolean(),
  /** In the order in which they are carried out. */
  undo: z.array(UNDO).readonly(),
});
/** A change to the system that can be taken back. */
export type Change = z.infer<typeof CHANGE>;
