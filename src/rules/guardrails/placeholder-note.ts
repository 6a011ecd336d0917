// Tells the model what a placeholder is. The same words stand at the same place on every turn, so that a provider's prompt cache holds,
// and where an edit would break what the client vouched for they stay out. It must not know what is masked.
import { z } from 'zod';
import { type Member, membersAt } from '../conversation/members.ts';
import type { Path } from '../conversation/segment.ts';
import { type BodyGuardrail, type BuiltIn, type GuardedRequest, PASS } from '../guardrail.ts';
import { listOf, objectOf } from '../loose-json.ts';
import type { Edit } from '../masking/mask.ts';

const NAME = 'placeholder-note';
const NOTE =
  'Values of the form SP_WORD_ followed by letters and digits stand for real values that are kept on the machine of the user. ' +
  'Write them exactly as they are wherever the value is meant: they are turned back into it there.';

const settings = z.strictObject({ text: z.string().trim().min(1).max(2000).default(NOTE) });

/** The guardrail `placeholder-note`; none where the configuration does not name it. */
export const placeholderNote: BuiltIn<typeof settings, BodyGuardrail> = { name: NAME, settings, open };

type Writer = (bytes: Buffer, note: string) => Insertion | undefined;

interface Insertion {
  readonly at: number;
  readonly text: string;
}

function open(given: z.output<typeof settings> | undefined): BodyGuardrail | undefined {
  if (!given) return undefined;
  const { text } = given;
  return {
    name: NAME,
    stage: 'body',
    rank: 90,
    deadlineMs: 5000,
    onFault: 'pass',
    check({ bytes, dialect, mayEdit }: GuardedRequest) {
      const note = Buffer.from(JSON.stringify(text)).toString('latin1');
      const writer = WRITERS[dialect.name];
      if (!writer || bytes.includes(note.slice(1, -1), 0, 'latin1') || !mayEdit()) return PASS;
      const insertion = writer(bytes, note);
      if (!insertion) return PASS;
      const edit: Edit = { start: insertion.at, end: insertion.at, text: insertion.text, kind: NAME };
      return { action: 'edit', edits: [edit], findings: [] };
    },
  };
}

/** The Realtime API wraps what is asked. */
const RESPONSES_ROOTS: readonly Path[] = [[], ['response']];
const GEMINI_ROOTS: readonly Path[] = [[], ['request']];

/** Each writes into what a client says to the model before the conversation, or puts that there. */
const WRITERS: Readonly<Record<string, Writer>> = {
  anthropic(bytes, note) {
    const messages = at(bytes, ['messages']);
    if (!isList(messages)) return undefined;
    // Bedrock's Converse has blocks without a type, and no system of text alone.
    const isConverse = messages.value.some((message) => listOf(objectOf(message)?.content).some((block) => isTypeless(block)));
    const block = isConverse ? `{"text":${note}}` : `{"type":"text","text":${note}}`;
    const system = at(bytes, ['system']);
    if (!system) return atRoot(bytes, `"system":[${block}],`);
    return typeof system.value === 'string' ? { at: system.end - 1, text: `\\n\\n${note.slice(1, -1)}` } : appended(system, block);
  },
  responses(bytes, note) {
    const element = `{"type":"message","role":"developer","content":[{"type":"input_text","text":${note}}]}`;
    for (const root of RESPONSES_ROOTS) {
      // What follows upon an earlier answer has been told before.
      if (typeof at(bytes, [...root, 'previous_response_id'])?.value === 'string') continue;
      const insertion = prepended(at(bytes, [...root, 'input']), element);
      if (insertion) return insertion;
    }
    return undefined;
  },
  chat: (bytes, note) => prepended(at(bytes, ['messages']), `{"role":"system","content":${note}}`),
  gemini(bytes, note) {
    for (const root of GEMINI_ROOTS) {
      const contents = at(bytes, [...root, 'contents']);
      if (!isList(contents)) continue;
      const parts = at(bytes, [...root, 'systemInstruction', 'parts']) ?? at(bytes, [...root, 'system_instruction', 'parts']);
      if (parts) return appended(parts, `{"text":${note}}`);
      const text = `"systemInstruction":{"parts":[{"text":${note}}]},`;
      const wrapper = root.length > 0 ? at(bytes, root) : undefined;
      return wrapper ? { at: wrapper.start + 1, text } : atRoot(bytes, text);
    }
    return undefined;
  },
};

/** Of several of one name the last, as parsers read it. */
function at(bytes: Buffer, path: Path): Member | undefined {
  return membersAt(bytes, [path]).at(-1);
}

function isList(member: Member | undefined): member is Member & { readonly value: readonly unknown[] } {
  return Array.isArray(member?.value);
}

function isTypeless(block: unknown): boolean {
  const object = objectOf(block);
  return object !== undefined && object.type === undefined;
}

function prepended(list: Member | undefined, element: string): Insertion | undefined {
  if (!isList(list)) return undefined;
  return { at: list.start + 1, text: list.value.length === 0 ? element : `${element},` };
}

function appended(list: Member, element: string): Insertion | undefined {
  if (!isList(list)) return undefined;
  return { at: list.end - 1, text: list.value.length === 0 ? element : `,${element}` };
}

function atRoot(bytes: Buffer, text: string): Insertion {
  return { at: bytes.indexOf('{') + 1, text };
}
