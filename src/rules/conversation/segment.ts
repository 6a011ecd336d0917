// What a conversation is made of as guardrails see it: texts, and who brought each into it. A reader turns one element of a
// message list into segments. It must not know what anybody looks for in them.
import { type LooseObject, objectOf } from '../loose-json.ts';

/** Who brought a text into the conversation. What a tool fetched is the tool's, whatever it says of itself. */
export type Provenance = 'system' | 'user' | 'assistant' | 'tool';

/** Member names and indexes from an element's root. */
export type Path = readonly (string | number)[];

/** One text of a conversation. */
export interface Segment {
  readonly provenance: Provenance;
  /** The tool that brought it; undefined unless `provenance` is `tool`. */
  readonly tool: string | undefined;
  /** Escapes undone. */
  readonly text: string;
  /** From the root of its element to the string. */
  readonly path: Path;
}

/** Names of tools by the id of their call. */
export interface ToolNames {
  get(id: unknown): string | undefined;
  set(id: unknown, name: unknown): void;
}

/** Reads one element of a message list. */
export type ElementReader = (element: LooseObject, names: ToolNames) => readonly Segment[];

/** Members that hold no text: what binds parts together, and what is not for reading. */
const NO_TEXT = new Set([
  'type',
  'role',
  'id',
  'call_id',
  'tool_use_id',
  'toolUseId',
  'status',
  'data',
  'bytes',
  'media_type',
  'mimeType',
  'image_url',
  'file_id',
  'file_data',
  'encrypted_content',
  'encrypted_index',
  'encrypted_stdout',
  'signature',
  'thoughtSignature',
]);

/** Every string at or below `value`, in order, those that hold no text left out. Any depth. */
export function textsBelow(value: unknown, path: Path, visit: (text: string, path: Path) => void): void {
  const open: { readonly value: unknown; readonly path: Path }[] = [{ value, path }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string') visit(next.value, next.path);
    else if (Array.isArray(next.value)) {
      for (let i = next.value.length - 1; i >= 0; i--) open.push({ value: next.value[i], path: [...next.path, i] });
    } else {
      const members = Object.entries(objectOf(next.value) ?? {});
      for (const [name, member] of members.reverse()) if (!NO_TEXT.has(name)) open.push({ value: member, path: [...next.path, name] });
    }
  }
}

/** Segments of one provenance below a value. */
export function segmentsBelow(value: unknown, path: Path, provenance: Provenance, tool: string | undefined, out: Segment[]): void {
  textsBelow(value, path, (text, at) => out.push({ provenance, tool, text, path: at }));
}

/** Who speaks in a role. An unknown role is taken for a tool: it is the one that is looked at. */
export function provenanceOf(role: unknown): Provenance {
  switch (role) {
    case 'system':
    case 'developer':
      return 'system';
    case 'user':
    case undefined:
      return 'user';
    case 'assistant':
    case 'model':
      return 'assistant';
    default:
      return 'tool';
  }
}
