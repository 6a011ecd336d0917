// A fixture against what was seen: what of it does not hold, in words.
// Must not read or print anything.
import { isDeepStrictEqual } from 'node:util';
import { KIND_ROWS, KINDS } from '../../src/rules/masking/kinds.ts';
import type { Fixture } from './fixtures.ts';
import { type Look, type Seen, typeOf } from './look.ts';
import { inOneLine } from './picture.ts';

/** One expectation that does not hold. */
export interface Problem {
  readonly expected: string;
  readonly seen: string;
}

const WIDTH = 100;

/** Empty: the fixture holds. */
export function problemsOf(fixture: Fixture, look: Look): Problem[] {
  return [
    ...(fixture.expect === undefined ? [] : findingProblems(fixture, look)),
    ...sentProblem(fixture, look),
    ...blockProblem(fixture, look),
    ...differing('injection', fixture.injection, look.injection.label, ` (score ${look.injection.score.toFixed(2)})`),
  ];
}

function findingProblems(fixture: Fixture, { findings }: Look): Problem[] {
  // What a rule lets pass counts only where it is asked for.
  const left = [...findings];
  const out: Problem[] = [];
  for (const { kind, text, action } of fixture.expect!) {
    const same = (one: Seen) => one.kind === kind && (one.value === text || (fixture.isRequest && unescaped(one.value) === text));
    let at = left.findIndex((one) => same(one) && (action === undefined || one.action === action));
    if (at < 0) at = left.findIndex(same);
    const expected = `${typeOf(kind, kind)} «${inOneLine(text, WIDTH)}»`;
    if (at < 0) {
      const near = left.findIndex((one) => one.value.includes(text) || text.includes(one.value));
      out.push({ expected, seen: near < 0 ? 'nothing there' : described(left.splice(near, 1)[0]!) });
      continue;
    }
    const [one] = left.splice(at, 1);
    if (action !== undefined && one!.action !== action) out.push({ expected: `${action} for ${expected}`, seen: one!.action });
  }
  return [
    ...out,
    ...left
      .filter(({ action }) => action !== 'off')
      .map((one) => ({ expected: out.length + fixture.expect!.length === 0 ? 'nothing' : 'nothing else', seen: described(one) })),
  ];
}

function described({ type, value, detector }: Seen): string {
  return `${type} «${inOneLine(value, WIDTH)}» (${detector})`;
}

/** `email (rule no-mail)` is blocked by both of them, `prompt-injection/exfiltration` by the guardrail. */
function blockProblem({ blocked: wanted }: Fixture, { blocked }: Look): Problem[] {
  const names = blocked === undefined ? ['none'] : blocked.replaceAll(/[()]|rule /g, '').split(/[ /]/);
  return wanted === undefined || names.includes(wanted) ? [] : [{ expected: `blocked: ${wanted}`, seen: blocked ?? 'none' }];
}

function unescaped(value: string): string {
  try {
    return JSON.parse(`"${value}"`) as string;
  } catch {
    return value;
  }
}

function sentProblem({ sent, isRequest }: Fixture, look: Look): Problem[] {
  if (sent === undefined) return [];
  if (typeof sent !== 'string') {
    const wanted = JSON.parse(inTypes(JSON.stringify(sent))) as unknown;
    if (isDeepStrictEqual(wanted, JSON.parse(look.standIns))) return [];
    return [{ expected: `sent ${inOneLine(JSON.stringify(wanted), WIDTH)}`, seen: inOneLine(look.standIns, WIDTH) }];
  }
  const wanted = inTypes(sent);
  if (wanted === look.standIns) return [];
  return [{ expected: `sent «${tailFrom(wanted, look.standIns, isRequest)}»`, seen: `«${tailFrom(look.standIns, wanted, isRequest)}»` }];
}

/** A long text from shortly before the first difference. */
function tailFrom(text: string, other: string, isRequest: boolean): string {
  let same = 0;
  while (same < text.length && text[same] === other[same]) same++;
  const from = text.length > WIDTH || isRequest ? Math.max(0, same - 20) : 0;
  return `${from > 0 ? '…' : ''}${inOneLine(text.slice(from), WIDTH)}`;
}

/** `{email}`, `{CC}` and `{CREDIT_CARD}` all mean the type. */
function inTypes(text: string): string {
  return text.replace(/\{(\w+)\}/g, (whole, word: string) => {
    const kind = KINDS.find((own) =>
      [own, KIND_ROWS[own].type, KIND_ROWS[own].word].some((name) => name.toLowerCase() === word.toLowerCase()),
    );
    return kind === undefined ? whole : `{${KIND_ROWS[kind].type}}`;
  });
}

function differing(what: string, wanted: string | undefined, seen: string, more = ''): Problem[] {
  return wanted === undefined || wanted === seen ? [] : [{ expected: `${what}: ${wanted}`, seen: `${seen}${more}` }];
}
