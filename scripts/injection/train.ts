// Trains the model of the injection judge: node scripts/injection/train.ts [--extra FILE]... [--code FOLDER] [--folds N [--by FIELD]] [--out FILE].
// Extra rows and code are read, never kept. With --folds it also prints how well rows are judged that it did not learn from.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SLOTS } from '../../src/rules/injection/features.ts';
import { weigh } from '../../src/rules/injection/judge.ts';
import type { Weights } from '../../src/rules/injection/model.ts';
import { type Example, learn } from './learn.ts';
import { readingsOf } from './reading.ts';
import { lines, makeRows, type Row } from './rows.ts';

const SEED = 7;
const EACH = 20;
const CHUNK = 4000;
const MOST_CODE = 1500;

const { values } = parseArgs({
  options: {
    extra: { type: 'string', multiple: true, default: [] },
    code: { type: 'string' },
    folds: { type: 'string' },
    by: { type: 'string' },
    out: { type: 'string' },
    rounds: { type: 'string', default: '8' },
  },
});

/** One chunk of every n-th text file of a folder, at most `MOST_CODE` of them, in the order of their names. */
const codeRows = (folder: string): Row[] => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:[cm]?[jt]s|json|md|map|css|html|ya?ml|txt)$/.test(name))
    .sort();
  const step = Math.max(1, Math.floor(files.length / MOST_CODE));
  return files
    .filter((_, i) => i % step === 0)
    .map((name) => `${folder}/${name}`)
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ text: readFileSync(path, 'utf8').slice(0, CHUNK), attack: false }));
};
const example =
  (weight: number) =>
  (row: Row): Example => ({ readings: readingsOf(row.text), attack: row.attack, weight });

const own = makeRows(SEED, EACH).map(example(1));
const code = values.code === undefined ? [] : codeRows(values.code);
// An attack that cannot be told from its words teaches that harmless words are one.
const extra = values.extra
  .flatMap((file) => lines(file))
  .map((row): Row & Record<string, unknown> => ({ ...row, attack: row.label === 'injection' }))
  .filter((row) => !(row.attack && row.explicit === false));
const codeExamples = code.map(example(1));
const rounds = Number(values.rounds);

/** The logit that a share of the given logits is above. */
const above = (logits: readonly number[], share: number): number => [...logits].sort((a, b) => b - a)[Math.floor(share * logits.length)]!;

let warnLogit = 0;
let blockLogit = 2;
if (values.folds !== undefined) {
  const folds = Number(values.folds);
  const by = values.by;
  const groups = new Map([...new Set(extra.map((row) => row[by ?? 'text']))].map((group, i) => [group, i]));
  const judged: { logit: number; row: (typeof extra)[number] }[] = [];
  const codeLogits: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const held = (_: unknown, i: number): boolean => i % folds === fold;
    const heldRow = (_: unknown, i: number): boolean => (by === undefined ? i : groups.get(extra[i]![by])!) % folds === fold;
    const weights = learn(
      [...own, ...codeExamples.filter((e, i) => !held(e, i)), ...extra.filter((e, i) => !heldRow(e, i)).map(example(2))],
      rounds,
      SEED,
    );
    for (const row of extra.filter(heldRow)) judged.push({ logit: weigh(row.text, weights).logit, row });
    for (const row of code.filter(held)) codeLogits.push(weigh(row.text, weights).logit);
  }
  const harmless = [...judged.filter(({ row }) => !row.attack).map(({ logit }) => logit)];
  warnLogit = above(harmless, 0.01);
  blockLogit = Math.max(warnLogit + 0.5, above([...harmless, ...codeLogits], 0.0005));
  const explicit = judged.filter(({ row }) => row.explicit === true);
  const recall = (logit: number, rows = explicit): string => `${rows.filter((j) => j.logit > logit).length}/${rows.length}`;
  console.log(
    `held out: explicit attacks at 1 % ${recall(warnLogit)} (${warnLogit.toFixed(2)}), at block ${recall(blockLogit)} (${blockLogit.toFixed(2)})`,
  );
  console.log(
    `fetched: ${recall(
      warnLogit,
      explicit.filter(({ row }) => row.origin === 'fetch'),
    )}; code above block ${codeLogits.filter((l) => l > blockLogit).length}/${codeLogits.length}`,
  );
  for (const subset of [...new Set(explicit.map(({ row }) => row.subset))])
    console.log(
      `  ${subset}: ${recall(
        warnLogit,
        explicit.filter(({ row }) => row.subset === subset),
      )}`,
    );
}

/** The model as its file keeps it: weights in 127 steps either way. */
const packed = (weights: Weights): string => {
  const most = (weights.slots as Float64Array).reduce((top, w) => Math.max(top, Math.abs(w)), 1e-9);
  const bytes = Int8Array.from(weights.slots as Float64Array, (w) => Math.round((w / most) * 127));
  const file = {
    version: 1,
    slots: SLOTS,
    seed: SEED,
    kinds: Array.from(weights.kinds, (k) => Number(k.toFixed(4))),
    bias: weights.bias,
    unit: most / 127,
    warnLogit,
    blockLogit,
  };
  return `${JSON.stringify({ ...file, weights: Buffer.from(bytes.buffer).toString('base64') }, null, 2)}\n`;
};
if (values.out !== undefined) writeFileSync(values.out, packed(learn([...own, ...codeExamples, ...extra.map(example(2))], rounds, SEED)));
