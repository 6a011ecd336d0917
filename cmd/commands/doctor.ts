// Looks whether all is well: one line a check, with the fix, then each setting and its origin.
// Must not change anything unless it is told to, and then only what a check hands over as its repair.
import type { ConfigRow } from '../../src/proxy/control/messages.ts';
import type { Command } from '../command.ts';
import { checkId, type Finding, found } from '../doctor/finding.ts';
import { EXIT, explain } from '../failure.ts';

/** For a reader that is slow. */
const LAST_WORDS_MS = 250;

/** `sallyport doctor`. Exit code 1 when a check fails; warnings do not count. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check that all is well, and say what to do where it is not',
  settings: 'all',
  options: {
    fix: { type: 'boolean', describe: 'put right what can be put right safely, then check again' },
    quick: { type: 'boolean', describe: 'look at what is ours alone: ask no other program whether it trusts us, and none for its version' },
  },
  examples: [
    ['doctor', 'one line a check, then each setting and where it came from'],
    ['doctor --fix', 'closes files that others can read, removes what a crash left behind'],
    ['doctor --json', 'for programs; exit code 1 when a check fails'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const { examine } = await import('../doctor/examine.ts');
    const done = args.fix === true ? await repair((await examine(invocation, false)).findings) : [];
    const { findings, rows, isLate } = await examine(invocation, args.quick !== true);
    const ok = [...findings, ...done].every((finding) => finding.state !== 'fail');
    const typed = (finding: Finding) => told(finding, terminal.typed);
    if (json) terminal.out(JSON.stringify({ ok, findings: findings.map(typed), fixed: done.map(typed), config: rows }));
    else terminal.out(lines(findings.map(typed), done.map(typed), rows));
    // A program that hangs would keep this one until it ends.
    if (isLate) setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
    return ok ? EXIT.ok : EXIT.failed;
  },
};

/** Makes the repairs, each once, and says what came of it. One that is not needed any more is not told of. */
async function repair(findings: readonly Finding[]): Promise<readonly Finding[]> {
  const done: Finding[] = [];
  for (const { check, repair } of findings) {
    if (!repair) continue;
    try {
      if (await repair.run()) done.push(found.ok(check, repair.what));
    } catch (thrown) {
      done.push(found.fail(check, `could not be put right: ${explain(thrown).line}`, 'sallyport doctor says how by hand'));
    }
  }
  return done;
}

/** A finding as programs and people are told of it. */
function told({ check, state, text, fix }: Finding, typed: (text: string) => string) {
  return { id: checkId(check), check, state, text: typed(text), ...(fix === undefined ? {} : { fix: typed(fix) }) };
}

const MARKS = { ok: '+', info: ' ', warn: '?', fail: '!' } as const;

type Told = Pick<Finding, 'check' | 'state' | 'text' | 'fix'>;

function lines(findings: readonly Told[], done: readonly Told[], rows: readonly ConfigRow[]): string {
  const width = Math.max(...findings.map((f) => f.check.length));
  const checks = findings.flatMap((f) => [
    `${MARKS[f.state]} ${f.check.padEnd(width)}  ${f.text}`,
    ...(f.fix === undefined ? [] : [`  ${''.padEnd(width)}  -> ${f.fix}`]),
  ]);
  const fixed = done.map((f) => `${f.state === 'ok' ? 'fixed' : 'NOT fixed'}: ${f.check}: ${f.text}`);
  const keyWidth = Math.max(0, ...rows.map((r) => r.key.length));
  const valueWidth = Math.min(40, Math.max(0, ...rows.map((r) => r.value.length)));
  const settings = rows.map((r) => `  ${r.key.padEnd(keyWidth)}  ${(r.value || '-').padEnd(valueWidth)}  ${r.origin}`);
  const all = [
    ...(fixed.length > 0 ? [...fixed, ''] : []),
    ...checks,
    ...(rows.length > 0 ? ['', 'Settings and where each came from:', ...settings] : []),
  ];
  return all.map(visible).join('\n');
}

/** One line, whatever a path or a variable holds: control and direction characters as escapes. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}
