// Text that becomes the value of a label in metrics: whoever chooses it must not be able to make ever more of them, nor to say anything
// there. Must not know which metric it is for.

/** Instead of a text that is not shown: it is no plain name, or there are too many others. */
export const OTHER = 'other';
/** Instead of no text. */
export const NONE = 'none';

const NAME = /^[A-Za-z0-9][\w.:/@+-]{0,79}$/;

/** Lets the first `max` different names through, and `other` for what comes after them or is none. */
export function boundedValues(max: number): (text: string) => string {
  const known = new Set<string>();
  return (text) => {
    if (text === '') return NONE;
    if (known.has(text)) return text;
    if (known.size >= max || !NAME.test(text)) return OTHER;
    known.add(text);
    return text;
  };
}
