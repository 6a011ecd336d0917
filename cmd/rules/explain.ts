// `sallyport rules explain`: one text or request as the rules see it, as a picture, as rows and as JSON.
// Must not read or write anything itself.
import { BLOCK_AT, WARN_AT } from '../../src/rules/injection/judge.ts';
import type { Look, Seen } from './look.ts';
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

/** The answer for programs. */
export function explainedJson({ findings, sent, blocked, injection }: Look, dialect: string | undefined, key: 'home' | 'once'): string {
  return JSON.stringify({ dialect: dialect ?? null, findings, injection, blocked: blocked ?? null, sent, placeholders: key });
}

/** The answer for people. */
export function explained(look: Look, dialect: string | undefined, options: PictureOptions): string {
  const { text, findings, injection } = look;
  const marks = findings.map((one, i): Mark => ({ ...one, label: String(i + 1), colour: COLOURS[one.action] }));
  const title = dialect === undefined ? [] : [`a request in the dialect ${dialect}:`, ''];
  const found = findings.length === 0 ? ['nothing found'] : rows(findings, options.width);
  return [...title, ...picture(text, marks, options), '', ...found, judgementLine(injection), '', ...outcome(look, options)].join('\n');
}

function rows(findings: readonly Seen[], width: number): string[] {
  const values = findings.map((one) => inOneLine(one.value, Math.max(24, Math.min(44, width - 60))));
  const table = findings.map((one, i) => [String(i + 1), one.type, one.action, values[i]!, `${one.detector}: ${one.why}`]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((text, i) => (i === 0 ? text.padStart(widths[0]!) : text.padEnd(widths[i] ?? 0))).join('  '));
}

function judgementLine({ score, label, kinds, phrases, place }: Look['injection']): string {
  const figure = `injection: ${label}, score ${score.toFixed(2)}`;
  if (label === 'benign') return figure;
  const bound = score >= BLOCK_AT ? `${BLOCK_AT} and more can be blocked` : `${WARN_AT} and more is reported`;
  const spoke = phrases.map((phrase) => `«${inOneLine(phrase, 70)}»`).join(', ');
  return [`${figure} (${bound})`, kinds.join(', '), ...(place === undefined ? [] : [`in ${place}`]), ...(spoke === '' ? [] : [spoke])].join(
    '; ',
  );
}

/** What would be sent, with what stands in for values marked. */
function outcome({ text, findings, sent, blocked }: Look, options: PictureOptions): string[] {
  if (blocked !== undefined) return [`would not be sent: the action for ${blocked} is block`];
  if (sent === text) return ['would be sent as it is'];
  let shift = 0;
  const marks = findings.flatMap((one, i) =>
    one.replacements.map((to): Mark => {
      const start = to.start + shift;
      shift += to.text.length - (to.end - to.start);
      return { start, end: start + to.text.length, label: String(i + 1), colour: GREEN };
    }),
  );
  return ['would be sent:', ...picture(sent, marks, options)];
}
