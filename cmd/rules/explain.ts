// `sallyport rules explain`: one text or request as the rules see it, as a picture, as rows and as JSON.
// Must not read or write anything itself.
import { BLOCK_AT, WARN_AT } from '../../src/rules/injection/judge.ts';
import type { Look, Replacement, Seen } from './look.ts';
import type { Judged } from './orders.ts';
import { inOneLine, type Mark, type PictureOptions, picture } from './picture.ts';

const COLOURS: Readonly<Record<Seen['action'], string>> = {
  mask: '30;43',
  redact: '30;45',
  warn: '30;46',
  block: '97;41',
  untouched: '4',
  off: '0',
};
const GREEN = '30;42';
/** What gives orders, in the picture. */
const ORDER = { label: '!', colour: '31;7' };

const DONE: Readonly<Record<Judged['action'], string>> = {
  deny: 'it is refused',
  edit: 'it is taken out',
  warn: 'it is warned about',
  count: 'it is only counted',
  none: 'nothing is done about it',
};

/** The answer for programs. */
export function explainedJson(look: Look, dialect: string | undefined, key: 'home' | 'once', leftOut: readonly string[]): string {
  const { findings, sent, blocked, injection } = look;
  return JSON.stringify({
    dialect: dialect ?? null,
    findings,
    injection,
    blocked: blocked ?? null,
    sent,
    placeholders: key,
    rulesLeftOut: leftOut,
  });
}

/** The answer for people. */
export function explained(look: Look, dialect: string | undefined, options: PictureOptions): string {
  const { text, findings, injection } = look;
  const title = dialect === undefined ? [] : [`a request in the dialect ${dialect}:`, ''];
  const found = findings.length === 0 ? ['nothing found'] : rows(findings, options.width);
  return [...title, ...picture(text, marksIn(look), options), '', ...found, judgementLine(injection), '', ...outcome(look, options)].join(
    '\n',
  );
}

/** The findings, and round them the text that gives orders. */
function marksIn({ findings, range }: Look): Mark[] {
  const marks = findings.map((one, i): Mark => ({ ...one, label: String(i + 1), colour: COLOURS[one.action] }));
  if (!range) return marks;
  const inside = marks.filter(({ start, end }) => start < range.end && end > range.start);
  const bounds = [range.start, ...inside.flatMap(({ start, end }) => [start, end]), range.end];
  const gaps = bounds.flatMap((start, i) => (i % 2 === 0 ? [{ ...ORDER, start, end: bounds[i + 1]! }] : []));
  return [...marks, ...gaps.filter(({ start, end }) => start < end)].sort((a, b) => a.start - b.start);
}

function rows(findings: readonly Seen[], width: number): string[] {
  const values = findings.map((one) => inOneLine(one.value, Math.max(24, Math.min(44, width - 60))));
  const table = findings.map((one, i) => {
    const action = one.rule === undefined ? one.action : `${one.action} (rule ${one.rule})`;
    return [String(i + 1), one.type, action, values[i]!, `${one.detector}: ${one.why}`];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((text, i) => (i === 0 ? text.padStart(widths[0]!) : text.padEnd(widths[i] ?? 0))).join('  '));
}

function judgementLine({ score, label, kinds, phrases, place, from, tool, action }: Judged): string {
  const figure = `injection: ${label}, score ${score.toFixed(2)}`;
  if (label === 'benign') return figure;
  const bound = score >= BLOCK_AT ? `${BLOCK_AT} and more can be blocked` : `${WARN_AT} and more is reported`;
  const spoke = phrases.map((phrase) => `«${inOneLine(phrase, 70)}»`).join(', ');
  const who = from === 'tool' ? `in what the tool ${inOneLine(tool ?? 'tool', 64)} brought` : 'in what the user wrote';
  const where = place === undefined ? '' : ` (${place})`;
  const parts = [`${figure} (${bound})`, kinds.join(', '), from === undefined ? '' : `${who}${where}: ${DONE[action]}`, spoke];
  return parts.filter((part) => part !== '').join('; ');
}

/** What would be sent, with what stands in for values marked. */
function outcome({ text, findings, guarded, sent, blocked }: Look, options: PictureOptions): string[] {
  if (blocked !== undefined) return [`would not be sent: ${refusal(blocked)}`];
  if (sent === text) return ['would be sent as it is'];
  const labelled = [
    ...findings.flatMap(({ replacements }, i) => replacements.map((to) => ({ to, label: String(i + 1) }))),
    ...guarded.map((to) => ({ to, label: ORDER.label })),
  ];
  const byPlace = new Map<number, { readonly to: Replacement; readonly label: string }>(labelled.map((one) => [one.to.start, one]));
  let shift = 0;
  const marks = [...byPlace.values()]
    .sort((a, b) => a.to.start - b.to.start)
    .map(({ to, label }): Mark => {
      const start = to.start + shift;
      shift += to.text.length - (to.end - to.start);
      return { start, end: start + to.text.length, label, colour: GREEN };
    });
  return ['would be sent:', ...picture(sent, marks, options)];
}

function refusal(blocked: string): string {
  const [, kind, rule] = /^(\S+) \(rule (\S+)\)$/.exec(blocked) ?? [];
  if (rule !== undefined) return `the rule ${rule} blocks ${kind}`;
  return blocked.includes('/') ? `the guardrail ${blocked} refuses it` : `the action for ${blocked} is block`;
}
