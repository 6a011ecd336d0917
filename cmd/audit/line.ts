// One exchange as one line for people: when, what became of it, who asked whom for which model, tokens, what was masked, time added.
// Must not let a word of a client's own choosing steer the terminal.
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import { type AuditEntry, exchangeOf } from '../../src/store/audit/entry.ts';
import { count, milliseconds } from '../figures.ts';
import { clock } from './opened.ts';

const COLOURS: Readonly<Record<string, string>> = { pass: '32', edit: '33', deny: '31', fault: '35' };
const DIM = '2';

/** Without a line end. Colour stands for the verdict, and only where `hasColour`. */
export function exchangeLine(row: AuditEntry, hasColour: boolean): string {
  const paint = (text: string, code: string) => (hasColour && text !== '' ? `\u001B[${code}m${text}\u001B[0m` : text);
  const x = read(row);
  const time = paint(clock(row.atMs), DIM);
  if (!x) return `${time}  ${paint('this row cannot be read: sallyport audit verify says more', COLOURS.deny!)}`;
  const verdict = x.fault !== undefined && x.verdict === 'pass' ? 'fault' : x.verdict;
  const who = x.clientVersion === '' ? x.client : `${x.client} ${x.clientVersion}`;
  const columns = [
    time,
    paint(verdict.padEnd(5), COLOURS[verdict] ?? COLOURS.fault!),
    String(x.status || '-').padStart(3),
    tame(who || '-').padEnd(18),
    tame(x.provider || x.host).padEnd(14),
    tame(x.model || `${x.method} ${x.path}`).padEnd(24),
    tokens(x).padStart(13),
    paint(`+${milliseconds(x.addedMs)} ms`.padStart(8), DIM),
    paint(tame(remarks(x)), COLOURS[verdict] ?? COLOURS.fault!),
  ];
  return columns.join('  ').trimEnd();
}

function read(row: AuditEntry): ExchangeRecord | undefined {
  try {
    return exchangeOf(row);
  } catch {
    return undefined;
  }
}

/** `12.3k > 350`: in and out. */
function tokens({ tokensIn, tokensOut }: ExchangeRecord): string {
  if (tokensIn === undefined && tokensOut === undefined) return '-';
  const told = (value: number | undefined) => (value === undefined ? '?' : count(value));
  return `${told(tokensIn)} > ${told(tokensOut)}`;
}

/** What there is to remark: what was masked or found, and what went wrong. */
function remarks({ verdict, edits, findings, fault, restored }: ExchangeRecord): string {
  const kinds = Object.entries(edits).map(([kind, n]) => `${kind} ${n}`);
  const masked = kinds.length === 0 ? '' : `${verdict === 'edit' ? 'masked' : 'found'} ${kinds.join(', ')}`;
  const found = findings.map(({ guardrail, tool, count: n }) => `${guardrail}${tool === '' ? '' : ` in ${tool}`} ${n}`);
  return [masked, restored > 0 ? `restored ${restored}` : '', found.join(', '), fault ?? ''].filter((part) => part !== '').join('; ');
}

/** No control character reaches the terminal. */
function tame(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
