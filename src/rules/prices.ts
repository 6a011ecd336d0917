// Prices that vendors publish, USD per million tokens: what an API key pays for standard processing, the shortest prompts and caches of five
// minutes. A model is left out where the price hangs on each prompt's length or cached tokens have none. `prices` of the user's is asked first.
// Read in November 2026. Anthropic: https://platform.claude.com/docs/en/about-claude/pricing and the models' pages; where one has no row for
// caches, the rule there holds (a read is a tenth of the input, a write five quarters). OpenAI: https://developers.openai.com/api/docs/models/NAME.
// Must not be taken for a bill.
import type { Price, PriceTable } from './budget/price.ts';

const price = (input: number, output: number, cachedInput: number, cacheWrite: number): Price => ({
  input,
  output,
  cachedInput,
  cacheWrite,
});

const ANTHROPIC: PriceTable = [
  ['claude-fable-5-1', price(10, 50, 0.25, 12.5)],
  ['claude-fable-5', price(10, 50, 1, 12.5)],
  ['claude-opus-5-5', price(4, 20, 0.2, 5)],
  ['claude-opus-5', price(5, 25, 0.5, 6.25)],
  ['claude-opus-4-8', price(5, 25, 0.5, 6.25)],
  ['claude-opus-4-7', price(5, 25, 0.5, 6.25)],
  ['claude-opus-4-6', price(5, 25, 0.5, 6.25)],
  ['claude-opus-4-5', price(5, 25, 0.5, 6.25)],
  ['claude-opus-4-1', price(15, 75, 1.5, 18.75)],
  ['claude-sonnet-5-5', price(2, 10, 0.2, 2.5)],
  ['claude-sonnet-5', price(2, 10, 0.2, 2.5)],
  ['claude-sonnet-4-6', price(3, 15, 0.3, 3.75)],
  ['claude-sonnet-4-5', price(3, 15, 0.3, 3.75)],
  ['claude-sonnet-4', price(3, 15, 0.3, 3.75)],
  ['claude-haiku-4-5', price(1, 5, 0.1, 1.25)],
];

const OPENAI: PriceTable = [
  ['gpt-6.2-sol', price(2, 10, 0.1, 2.5)],
  ['gpt-6-sol', price(2, 10, 0.2, 2.5)],
  ['gpt-5.6-luna', price(0.2, 1.2, 0.02, 0.25)],
  ['gpt-5-codex', price(1.25, 10, 0.125, 1.25)],
];

/** The built-in table: each name alone, with what other vendors put before it, and with a date, version or variant behind it. */
export const PRICES: PriceTable = [...ANTHROPIC, ...OPENAI].flatMap(([name, own]) =>
  spellings(name).flatMap((spelling) => ['', '-20*', '-v*', '@*', ':*', '[*'].map((behind) => [`*${spelling}${behind}`, own] as const)),
);

/** OpenRouter and Copilot write `claude-opus-4.5`. */
function spellings(name: string): readonly string[] {
  const dotted = name.replace(/-(\d)-(\d)$/, '-$1.$2');
  return dotted === name ? [name] : [name, dotted];
}
