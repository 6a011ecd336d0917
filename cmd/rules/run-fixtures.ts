// `sallyport rules test`: fixtures through the compiled policy, a line for each that does not hold and one at the end.
// Must not stop at the first file that is broken: the others are tested all the same.
import { type Policy, PROVIDERS } from '../../src/rules/policy.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { aimAt } from './aim.ts';
import { type Fixture, FixtureError, type FixtureWords, parseFixtures } from './fixtures.ts';
import type { Glass } from './glass.ts';
import { inputsOf, readWhole } from './input.ts';
import { type Look, lookAt } from './look.ts';
import { dialectOf } from './request-shape.ts';
import { type Problem, problemsOf } from './verdict.ts';

/** A case and what of it does not hold. */
export interface Outcome {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly problems: readonly Problem[];
}

/** All cases, and a line for each file that could not be read as fixtures. */
export interface Outcomes {
  readonly cases: readonly Outcome[];
  readonly broken: readonly string[];
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Runs the files. */
export async function runFixtures(files: readonly string[], glass: Glass): Promise<Outcomes> {
  const cases: Outcome[] = [];
  const broken: string[] = [];
  const words = wordsOf(glass.policy);
  for (const file of files) {
    try {
      const text = (await readWhole(inputsOf([file])[0]!, MAX_FILE_BYTES)).toString();
      const fixtures = parseFixtures(file, text, words);
      for (const fixture of fixtures) {
        const problems = problemsOf(fixture, look(fixture, file, glass));
        cases.push({ file, line: fixture.line, name: fixture.name, problems });
      }
    } catch (thrown) {
      if (!(thrown instanceof FixtureError || thrown instanceof CommandFailure)) throw thrown;
      broken.push(thrown.message);
    }
  }
  return { cases, broken };
}

/** What fixtures may name besides kinds. */
function wordsOf({ rules = [], guards }: Policy): FixtureWords {
  return {
    providers: PROVIDERS.map(({ name }) => name),
    patterns: rules.flatMap(({ id, pattern }) => (pattern === undefined ? [] : id)),
    blockers: [...rules.map(({ id }) => id), ...guards.map(({ name }) => name)],
  };
}

function look({ text, isRequest, provider: name, host, line }: Fixture, file: string, glass: Glass): Look {
  const provider = PROVIDERS.find((one) => one.name === name);
  const { rules } = aimAt(glass.policy, host, provider);
  if (!isRequest) return lookAt(text, undefined, rules, glass);
  const document: unknown = JSON.parse(text);
  const dialect = dialectOf(document, provider);
  if (!dialect) throw new FixtureError(`${file}:${line}: the request looks like no provider's: say which with provider`);
  return lookAt(text, { document, dialect }, rules, glass);
}

/** The exit code of it all. */
export function exitCodeOf({ cases, broken }: Outcomes): number {
  if (broken.length > 0) return EXIT.usage;
  return cases.some(({ problems }) => problems.length > 0) ? EXIT.failed : EXIT.ok;
}

/** A line for each case that does not hold, and the closing one. */
export function outcomeLines({ cases }: Outcomes): string[] {
  const failed = cases.filter(({ problems }) => problems.length > 0);
  return [
    ...failed.map(({ file, line, name, problems }) => {
      const what = problems.map(({ expected, seen }) => `expected ${expected}, seen ${seen}`).join('; ');
      return `${file}:${line}: ${name}: ${what}`;
    }),
    `${cases.length - failed.length} passed, ${failed.length} failed`,
  ];
}
