// `sallyport rules scan`: rows in, answers out, in order, each as soon as it is there and none faster than its reader takes them.
// Must not keep rows: a corpus of any size goes through.
import { EXIT } from '../failure.ts';
import { type Input, writeOut } from './input.ts';
import { linesOf } from './lines.ts';
import { openProgress } from './progress.ts';
import { answerRow, MAX_LINE_BYTES, type Sieve } from './scan-row.ts';

/** Complaints that are printed; further ones are counted. */
const MAX_COMPLAINTS = 20;

/** The exit code: 2 when a line was no row. `err` gets one line for each of those. */
export async function scanCorpus(inputs: readonly Input[], sieve: Sieve, err: (line: string) => void): Promise<number> {
  const progress = openProgress(inputs);
  let bad = 0;
  try {
    for (const input of inputs) {
      const place = (number: number) => (input.name === undefined ? `line ${number}` : `${input.name}:${number}`);
      for await (const lines of linesOf(progress.counted(input.chunks()), MAX_LINE_BYTES)) {
        let out = '';
        for (const { number, bytes } of lines) {
          const answer = answerRow(bytes, sieve);
          if (answer === undefined) continue;
          out += `${answer.line}\n`;
          if (answer.complaint === undefined || ++bad > MAX_COMPLAINTS) continue;
          progress.clear();
          err(`sallyport: ${place(number)}: ${answer.complaint}`);
        }
        progress.rows(lines.length);
        if (!(await writeOut(out))) return EXIT.ok;
      }
    }
  } finally {
    progress.clear();
  }
  if (bad > MAX_COMPLAINTS) err(`sallyport: ${bad} lines were no rows, of which the first ${MAX_COMPLAINTS} are named`);
  return bad === 0 ? EXIT.ok : EXIT.usage;
}
