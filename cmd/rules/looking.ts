// The actions of `sallyport rules` that look at a corpus, a text or fixtures, each from a call to its exit code.
// Must not decide what is found: it reads, asks and prints.
import { parseAuthority } from '../../src/authority.ts';
import { readConfig } from '../../src/config.ts';
import { didYouMean } from '../../src/nearest.ts';
import { judge } from '../../src/rules/injection/judge.ts';
import { DEFAULT_ACTIONS, KINDS } from '../../src/rules/masking/kinds.ts';
import { scannerFor } from '../../src/rules/masking/scan.ts';
import { PROVIDERS } from '../../src/rules/policy.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { loadSettings } from '../settings.ts';
import { aimAt } from './aim.ts';
import { explained, explainedJson } from './explain.ts';
import { openGlass } from './glass.ts';
import { inputsOf, readWhole, writeOut } from './input.ts';
import { lookAt } from './look.ts';
import { dialectOf } from './request-shape.ts';
import { exitCodeOf, outcomeLines, runFixtures } from './run-fixtures.ts';
import { scanCorpus } from './scan.ts';

/** By the word on the command line. */
export const LOOKS = { scan, explain, test } as const;

const filesOf = ({ args }: Call) => (args.names ?? []) as readonly string[];

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
  const glass = openGlass(judgedBy(call), args.policy === undefined, terminal.err);
  const { policy, key, home } = glass;
  const { rules, leftOut } = aimAt(policy, hostOf(call), provider);
  const [input] = inputsOf(files);
  if (process.stdin.isTTY && input!.name === undefined) terminal.err('reading a text from the keyboard; Ctrl-D ends it');
  const text = (await readWhole(input!, policy.maxBodyBytes, ' (max_body_bytes), so the daemon would refuse it')).toString();
  const document = parsed(text);
  const dialect = document === undefined ? undefined : dialectOf(document, provider);
  if (provider && !dialect) throw new CommandFailure(EXIT.usage, 'what was read is no JSON document, so it is no request');
  const look = lookAt(text, dialect && { document, dialect }, rules, glass);
  if (key === 'once' && look.sent !== look.text)
    terminal.err(`note: there is no installation in ${home} yet, so the placeholders are good for this once`);
  if (leftOut.length > 0)
    terminal.err(
      `note: these rules hold for some hosts or providers only and were left out: ${leftOut.join(', ')}; --host or --provider says where it goes`,
    );
  const { TERM, NO_COLOR } = invocation.environment;
  const options = { colours: terminal.isTty && !NO_COLOR && TERM !== 'dumb', width: process.stdout.columns || 110 };
  await writeOut(`${json ? explainedJson(look, dialect?.name, key, leftOut) : explained(look, dialect?.name, options)}\n`);
  return EXIT.ok;
}

async function test(call: Call): Promise<number> {
  const files = filesOf(call);
  if (files.length === 0)
    throw new CommandFailure(EXIT.usage, `test what? Name files of fixtures, as in ${call.terminal.self} rules test rules.yaml`);
  const outcomes = await runFixtures(files, openGlass(judgedBy(call), call.args.policy === undefined, call.terminal.err));
  const failed = outcomes.cases.filter(({ problems }) => problems.length > 0).length;
  if (call.json) await writeOut(`${JSON.stringify({ passed: outcomes.cases.length - failed, failed, ...outcomes })}\n`);
  else call.terminal.out(outcomeLines(outcomes).join('\n'));
  for (const line of outcomes.broken) call.terminal.err(`sallyport: ${line}`);
  return exitCodeOf(outcomes);
}

function hostOf({ args }: Call): string | undefined {
  if (args.host === undefined) return undefined;
  const host = String(args.host);
  try {
    return parseAuthority(host, 443).host;
  } catch {
    throw new CommandFailure(EXIT.usage, `--host takes the name of a host, not «${host}»`);
  }
}

/** `--policy` is that file as the configuration, and alone: the rules of the store are no part of it. */
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
