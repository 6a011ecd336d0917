// `sallyport rules export` and `rules import`: the rules of the store to a file and from one.
// Must not know how they are written down.
import { lstatSync, renameSync, writeFileSync } from 'node:fs';
import type { RuleEntry } from '../../src/store/rules.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT, usage } from '../failure.ts';
import { refuseTaken } from '../joined-rules.ts';
import { homeOf, loadSettings, RULE_GRAMMAR } from '../settings.ts';
import { asUsage, changeRules, wordsOf } from './change-rules.ts';
import { inputsOf, readWhole, writeOut } from './input.ts';
import { parseRuleFile, ruleFileText } from './rule-file.ts';
import { storedRules } from './stored.ts';

/** By the word on the command line. */
export const TRANSFERS = { export: exportRules, import: importRules } as const;

const MAX_FILE_BYTES = 16 * 1024 * 1024;

async function exportRules(call: Call): Promise<number> {
  const [file, ...others] = wordsOf(call);
  if (others.length > 0) throw usage('export takes one file at a time');
  const entries = storedRules(homeOf(call.invocation)).map(({ id, rule, enabled, trouble }): RuleEntry => {
    if (!rule) throw new CommandFailure(EXIT.failed, `the rule «${id}» cannot be read (${trouble}), so it cannot be exported`);
    return { rule, enabled };
  });
  const text = ruleFileText(entries);
  if (file === undefined || file === '-') {
    await writeOut(call.json ? `${JSON.stringify({ rules: entries.length, text })}\n` : text);
    return EXIT.ok;
  }
  writeFile(file, text);
  call.terminal.out(call.json ? JSON.stringify({ rules: entries.length, file }) : `${counted(entries.length)} in ${file}`);
  return EXIT.ok;
}

async function importRules(call: Call): Promise<number> {
  const [file, ...others] = wordsOf(call);
  if (file === undefined || others.length > 0) throw usage('import which file? Name one, or - for standard input');
  const text = (await readWhole(inputsOf([file])[0]!, MAX_FILE_BYTES)).toString();
  const entries = asUsage(() => parseRuleFile(file === '-' ? 'standard input' : file, text, RULE_GRAMMAR));
  const loaded = loadSettings(call.invocation);
  for (const { rule } of entries) refuseTaken(loaded, rule.id);
  const replace = call.args.replace === true;
  const said = `took ${counted(entries.length)} from ${file}`;
  return changeRules(call, undefined, (rules) => rules.take(entries, { replace }), { subject: file, said });
}

function counted(count: number): string {
  return count === 1 ? '1 rule' : `${count} rules`;
}

/** A file that is there is replaced only when all of it is written; a device or a link is written to. */
function writeFile(file: string, text: string): void {
  try {
    const isOther = lstatSync(file, { throwIfNoEntry: false })?.isFile() === false;
    const draft = isOther ? file : `${file}.${process.pid}.draft`;
    writeFileSync(draft, text, { mode: 0o600 });
    if (!isOther) renameSync(draft, file);
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${file} cannot be written (${(thrown as NodeJS.ErrnoException).code})`);
  }
}
