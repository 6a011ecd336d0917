// Judges how much a text looks like a prompt injection: a pure function with one score, made of a small linear model over words and of
// rules that name kinds. It must not know where the text stands, who wrote it or what is done about it.
import { decodePercent, decodeRuns } from './decode.ts';
import { featuresTo, type TakeFeatures } from './features.ts';
import file from './model.json' with { type: 'json' };
import { Scale, type Weights } from './model.ts';
import { isAscii, normalise, setApart } from './normalise.ts';
import { readWords } from './read-words.ts';
import { INJECTION_KINDS, type InjectionKind, UNSPACED } from './words.ts';

/** What is thought of a text. */
export interface Judgement {
  /** From 0, nothing speaks for an attack, to 1. */
  readonly score: number;
  /** `injection` from `WARN_AT` on. */
  readonly label: 'injection' | 'benign';
  /** The kinds whose rules speak anywhere in the text; may be empty at a high score, and filled at a low one. */
  readonly kinds: readonly InjectionKind[];
}

/** From this score on, about one in a hundred harmless texts is taken for an attack. */
export const WARN_AT = 0.5;
/** From this score on, about one in a thousand harmless texts is taken for an attack. */
export const BLOCK_AT = 0.9;

const bytes = Buffer.from(file.weights, 'base64');
const WEIGHTS: Weights = { slots: new Int8Array(bytes), kinds: file.kinds, bias: file.bias, unit: file.unit };
// The score is WARN_AT at one logit and BLOCK_AT at the other; both come with the model.
const STEEPNESS = Math.log(BLOCK_AT / (1 - BLOCK_AT)) / (file.blockLogit - file.warnLogit);

/** Reads a text as it stands without disguises, then what it hides in codes and letters set apart; `begin` gives what takes each of these. */
export const readAll = (text: string, begin: () => TakeFeatures): void => {
  const plain = normalise(text);
  const { runs, apart } = readWords(plain, featuresTo(begin()));
  for (const hidden of [decodeRuns(plain, runs), decodePercent(plain), setApart(plain, apart)])
    if (hidden !== '') readWords(hidden, featuresTo(begin()));
};

/** Which unspaced rules speak, as bits of kinds. */
const unspaced = (text: string): number =>
  !isAscii(text) && /[\u3040-\u9fff\uac00-\ud7af]/.test(text)
    ? UNSPACED.reduce((bits, { kind, form }) => (form.test(text) ? bits | (1 << INJECTION_KINDS.indexOf(kind)) : bits), 0)
    : 0;

/** The unscaled weight of a text and its kinds, with weights of one's own; the trainer asks for it too. */
export const weigh = (text: string, weights: Weights): { logit: number; bits: number } => {
  const scales: Scale[] = [];
  readAll(text, () => {
    const scale = new Scale(weights);
    scales.push(scale);
    return (slots, kinds, count) => scale.take(slots, kinds, count);
  });
  const bits = unspaced(text);
  const extra = INJECTION_KINDS.reduce((sum, _, bit) => ((bits >> bit) & 1 ? sum + weights.kinds[bit]! : sum), 0);
  return {
    logit: Math.max(...scales.map((scale) => scale.heaviest.sum)) + extra,
    bits: scales.reduce((all, scale) => all | scale.kinds, bits),
  };
};

/** Judges a text of any length; never throws, keeps nothing, costs time in step with the length. */
export const judge = (text: string): Judgement => {
  const { logit, bits } = weigh(text, WEIGHTS);
  const score = 1 / (1 + Math.exp(-STEEPNESS * (logit - file.warnLogit)));
  return { score, label: score >= WARN_AT ? 'injection' : 'benign', kinds: INJECTION_KINDS.filter((_, bit) => (bits >> bit) & 1) };
};
