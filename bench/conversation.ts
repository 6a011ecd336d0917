// Bodies like those of a coding session: a Messages request that grows by a turn at a time and holds nothing to find.
// The text is made from a fixed seed, so every contender gets the same bytes.

const WORDS =
  'const value compute input options return await buffer stream module result index file length parse test error record state window table handler match token branch commit merge review layout render'.split(
    ' ',
  );

/** A growing conversation. */
export interface Conversation {
  /** The body as JSON text. */
  body(): string;
  /** Adds one turn of about 2 KB. */
  grow(): void;
}

/** A conversation whose body starts at `bytes` or a little more. */
export function startConversation(bytes: number): Conversation {
  let seed = 0x5a11;
  const word = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return WORDS[seed % WORDS.length];
  };
  const prose = (length: number) => {
    let text = '';
    while (text.length < length) text += `${word()} ${word()}(${word()}, ${word()}); // ${word()} ${word()}\n`;
    return text;
  };
  const messages: { role: string; content: { type: 'text'; text: string }[] }[] = [];
  const grow = () => {
    for (const role of ['user', 'assistant']) messages.push({ role, content: [{ type: 'text', text: prose(1000) }] });
  };
  const body = () => JSON.stringify({ model: 'claude-bench', max_tokens: 1024, stream: true, messages });
  for (let turns = Math.max(1, Math.floor(bytes / 2200)); turns > 0; turns--) grow();
  while (body().length < bytes) grow();
  return { body, grow };
}
