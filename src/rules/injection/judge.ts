// Judges how much a text looks like a prompt injection: a pure function with one score, made of a small linear model over words and of
// rules that name kinds. It must not know where the text stands, who wrote it or what is done about it.
import { decodePercent, decodeRuns } from './decode.ts';
import { read } from './features.ts';
import file from './model.json' with { type: 'json' };
import { heaviest, type Weights } from './model.ts';
import { normalise, setApart } from './normalise.ts';
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

/** Every reading of a text: as it stands without disguises, and what it hides in codes and letters set apart. */
export const readings = (text: string): ReturnType<typeof read>[] => {
  const plain = normalise(text);
  const first = read(plain);
  const hidden = [decodeRuns(plain, first.runs), decodePercent(plain), setApart(plain, first.apart)].filter((said) => said !== '');
  return [first, ...hidden.map(read)];
};

/** Which unspaced rules speak, as bits of kinds. */
const unspaced = (text: string): number =>
  /[\u3040-\u9fff\uac00-\ud7af]/.test(text)
    ? UNSPACED.reduce((bits, { kind, form }) => (form.test(text) ? bits | (1 << INJECTION_KINDS.indexOf(kind)) : bits), 0)
    : 0;

/** The unscaled weight of a text and its kinds, with weights of one's own; the trainer asks for it too. */
export const weigh = (text: string, weights: Weights): { logit: number; bits: number } => {
  let bits = unspaced(text);
  let logit = Number.NEGATIVE_INFINITY;
  const extra = INJECTION_KINDS.reduce((sum, _, bit) => ((bits >> bit) & 1 ? sum + weights.kinds[bit]! : sum), 0);
  for (const reading of readings(text)) {
    logit = Math.max(logit, heaviest(reading, weights).sum + extra);
    for (let i = 0; i < reading.words; i++) bits |= reading.kinds[i]!;
  }
  return { logit, bits };
};

/** Judges a text of any length; never throws, keeps nothing, costs time in step with the length. */
export const judge = (text: string): Judgement => {
  const { logit, bits } = weigh(text, WEIGHTS);
  const score = 1 / (1 + Math.exp(-STEEPNESS * (logit - file.warnLogit)));
  return { score, label: score >= WARN_AT ? 'injection' : 'benign', kinds: INJECTION_KINDS.filter((_, bit) => (bits >> bit) & 1) };
};
