// What the rules find and do, without a daemon: in a corpus, in one text, in fixtures.
// Must not make a home, open a socket or write a file.
import { readConfig } from '../../src/config.ts';
import { didYouMean } from '../../src/nearest.ts';
import { judge } from '../../src/rules/injection/judge.ts';
import { DEFAULT_ACTIONS, KINDS } from '../../src/rules/masking/kinds.ts';
import { scannerFor } from '../../src/rules/masking/scan.ts';
import { PROVIDERS } from '../../src/rules/policy.ts';
import type { Call, Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { explained, explainedJson } from '../rules/explain.ts';
import { openGlass } from '../rules/glass.ts';
import { inputsOf, readWhole, writeOut } from '../rules/input.ts';
import { lookAt } from '../rules/look.ts';
import { dialectOf } from '../rules/request-shape.ts';
import { exitCodeOf, outcomeLines, runFixtures } from '../rules/run-fixtures.ts';
import { scanCorpus } from '../rules/scan.ts';
import { loadSettings } from '../settings.ts';

/** `sallyport rules scan|explain|test`. */
export const rules: Command = {
  name: 'rules <action> [files..]',
  summary: 'what the rules find: in a corpus, in one text, in fixtures',
  positionals: {
    action: { describe: 'scan rows of JSON, explain a text or a request, test fixtures', choices: ['scan', 'explain', 'test'] },
    files: { describe: 'files to read; scan and explain read standard input without one' },
  },
  options: {
    policy: { type: 'string', describe: 'the configuration to judge by, as --config; without it scan looks for every kind [FILE]' },
    provider: { type: 'string', describe: 'for explain: whose request it is, where its shape does not tell [NAME]' },
  },
  settings: 'all',
  examples: [
    ['rules scan < corpus.jsonl', '{"id","findings","injection"} for each line {"id","text"}; 2 if a line was no such row'],
    ['rules explain notes.txt', 'what would be found, why, and what would be sent'],
    ['rules explain --mask email=redact < request.json', 'the body as the daemon would send it'],
    ['rules test rules.yaml', 'fixtures: 0 all hold, 1 one does not, 2 a file is broken'],
  ],
  run: (call) => ACTIONS[call.args.action as keyof typeof ACTIONS](call),
};

const ACTIONS = { scan, explain, test } as const;

const filesOf = ({ args }: Call) => (args.files ?? []) as readonly string[];

function scan(call: Call): Promise<number> {
  const inputs = inputsOf(filesOf(call));
  const sieve = { scanner: scannerFor(kindsOf(call)), judge };
  if (process.stdin.isTTY && filesOf(call).length === 0)
    call.terminal.err('reading rows {"id","text"} from the keyboard; Ctrl-D ends them');
  return scanCorpus(inputs, sieve, call.terminal.err);
}

/** The kinds that the policy named on the command line has not switched off: every one without such a policy. */
function kindsOf({ args, invocation }: Call): readonly string[] {
  const policy = (args.policy as string | undefined) ?? invocation.configFile;
  const own = [invocation.flags.mask ?? []].flat();
  const environment = {};
  const { config } =
    policy === undefined
      ? readConfig({
          ...invocation,
          flags: { mask: [...KINDS.map((kind) => `${kind}=mask`), ...own] },
          environment,
          file: undefined,
          home: invocation.userHome,
          grammar: { hostPattern: String, template: String, kinds: DEFAULT_ACTIONS },
        })
      : loadSettings({ ...invocation, configFile: policy, environment });
  return KINDS.filter((kind) => config.mask[kind] !== 'off');
}

async function explain(call: Call): Promise<number> {
  const { args, json, terminal, invocation } = call;
  const files = filesOf(call);
  if (files.length > 1) throw new CommandFailure(EXIT.usage, 'explain takes one text at a time');
  const provider = PROVIDERS.find((one) => one.name === args.provider);
  if (args.provider !== undefined && !provider) {
    const names = PROVIDERS.map((one) => one.name);
    throw new CommandFailure(EXIT.usage, `--provider takes ${names.join(', ')}${didYouMean(String(args.provider), names)}`);
  }
  const { policy, placeholders, key, home } = openGlass(judgedBy(call));
  const [input] = inputsOf(files);
  if (process.stdin.isTTY && input!.name === undefined) terminal.err('reading a text from the keyboard; Ctrl-D ends it');
  const text = (await readWhole(input!, policy.maxBodyBytes)).toString();
  const document = parsed(text);
  const dialect = document === undefined ? undefined : dialectOf(document, provider);
  if (provider && !dialect) throw new CommandFailure(EXIT.usage, 'what was read is no JSON document, so it is no request');
  const look = lookAt(text, dialect && { document, dialect }, policy, placeholders);
  if (key === 'once' && look.sent !== look.text)
    terminal.err(`note: there is no installation in ${home} yet, so the placeholders are good for this once`);
  const { TERM, NO_COLOR } = invocation.environment;
  const options = { colours: terminal.isTty && !NO_COLOR && TERM !== 'dumb', width: process.stdout.columns || 110 };
  await writeOut(`${json ? explainedJson(look, dialect?.name, key) : explained(look, dialect?.name, options)}\n`);
  return EXIT.ok;
}

async function test(call: Call): Promise<number> {
  const files = filesOf(call);
  if (files.length === 0)
    throw new CommandFailure(EXIT.usage, `test what? Name files of fixtures, as in ${call.terminal.self} rules test rules.yaml`);
  const outcomes = await runFixtures(files, openGlass(judgedBy(call)));
  const failed = outcomes.cases.filter(({ problems }) => problems.length > 0).length;
  if (call.json) await writeOut(`${JSON.stringify({ passed: outcomes.cases.length - failed, failed, ...outcomes })}\n`);
  else call.terminal.out(outcomeLines(outcomes).join('\n'));
  for (const line of outcomes.broken) call.terminal.err(`sallyport: ${line}`);
  return exitCodeOf(outcomes);
}

/** `--policy` is another word for `--config`. */
function judgedBy({ args, invocation }: Call): Call['invocation'] {
  return args.policy === undefined ? invocation : { ...invocation, configFile: String(args.policy) };
}

function parsed(text: string): unknown {
  if (!/^\uFEFF?\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    return undefined;
  }
}
