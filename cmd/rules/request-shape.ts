// Which dialect a JSON document speaks, by its shape, and the strings in it that people or tools wrote.
// Must not know hosts or paths: a document on standard input has none.
import { anthropic } from '../../src/rules/dialects/anthropic.ts';
import { chat } from '../../src/rules/dialects/chat.ts';
import { gemini } from '../../src/rules/dialects/gemini.ts';
import { responses } from '../../src/rules/dialects/responses.ts';
import type { Dialect, Provider } from '../../src/rules/provider.ts';

type Members = Readonly<Record<string, unknown>>;

/** The dialect of a document: by its shape among those of the provider, where one is named. Undefined where it looks like no request. */
export function dialectOf(document: unknown, provider: Provider | undefined): Dialect | undefined {
  const shape = isMembers(document) ? shapeOf(document) : undefined;
  if (!provider) return shape;
  const own = [...provider.endpoints.map((endpoint) => endpoint.dialect), provider.fallback];
  return own.find((dialect) => dialect === shape) ?? provider.fallback;
}

function shapeOf(members: Members): Dialect | undefined {
  if (Array.isArray(members.contents) || (isMembers(members.request) && Array.isArray(members.request.contents))) return gemini;
  if (Array.isArray(members.messages)) return isAnthropic(members) ? anthropic : chat;
  if (Array.isArray(members.input) || (typeof members.model === 'string' && typeof members.input === 'string')) return responses;
  return undefined;
}

/** What the Messages API has and chat completions do not. */
function isAnthropic({ model, system, messages, anthropic_version: version }: Members): boolean {
  if (system !== undefined || version !== undefined || (typeof model === 'string' && /claude/i.test(model))) return true;
  const blocks = (messages as readonly unknown[]).flatMap((message) => (isMembers(message) ? message.content : []));
  return blocks.some((block) => isMembers(block) && /^(?:tool_use|tool_result|thinking)$/.test(String(block.type)));
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string of a document and where it stands: `messages.content.text`. */
export interface Said {
  readonly place: string;
  readonly text: string;
}

/** The strings of a document that the dialect does not call opaque, in order. */
export function saidIn(document: unknown, dialect: Dialect): Said[] {
  const out: Said[] = [];
  const open: Visit[] = [{ value: document, at: undefined, type: undefined }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, at, type } = next;
    if (typeof value === 'string') {
      const path = pathOf(at);
      if (!dialect.isOpaque(path, type, value.slice(0, HEAD))) out.push({ place: path.join('.'), text: value });
    } else if (Array.isArray(value)) {
      for (const item of value.toReversed()) open.push({ value: item, at, type });
    } else if (isMembers(value)) {
      const own = typeof value.type === 'string' ? value.type : undefined;
      for (const [name, member] of Object.entries(value).reverse()) open.push({ value: member, at: { name, above: at }, type: own });
    }
  }
  return out;
}

interface Visit {
  readonly value: unknown;
  readonly at: Step | undefined;
  readonly type: string | undefined;
}

interface Step {
  readonly name: string;
  readonly above: Step | undefined;
}

/** As much of a string as a dialect wants to see. */
const HEAD = 64;
/** So many names of a path are looked at, the innermost ones: no request of any provider goes deeper. */
const MAX_DEPTH = 100;

function pathOf(at: Step | undefined): string[] {
  const out: string[] = [];
  for (let step = at; step && out.length < MAX_DEPTH; step = step.above) out.push(step.name);
  return out.reverse();
}
