// The words of a line of a unit as systemd would have them: quotes and escapes (systemd.syntax(7)), then specifiers (systemd.unit(5)), then
// variables (systemd.service(5)), none of which is set here. Throws where systemd would refuse the line or put something else in.

export function systemdWords(line: string): string[] {
  return split(line).map((word, i) => (i === 0 ? specifiers(word) : variables(specifiers(word))));
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '"': '"', "'": "'", s: ' ' };

function split(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === '\\') {
      const escaped = ESCAPES[line[++i] ?? ''];
      if (escaped === undefined) throw new Error(`an escape that is none in ${line}`);
      word = (word ?? '') + escaped;
    } else if (quote !== '' ? c === quote : (c === '"' || c === "'") && word === undefined) {
      quote = quote === '' ? c : '';
      word ??= '';
    } else if (quote === '' && /\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + c;
  }
  if (quote !== '') throw new Error(`a quote without its end in ${line}`);
  return word === undefined ? words : [...words, word];
}

function specifiers(word: string): string {
  return word.replace(/%(.?)/gs, (_, c: string) => {
    if (c !== '%') throw new Error(`a specifier in ${word}`);
    return '%';
  });
}

function variables(word: string): string {
  return word.replace(/\$(.?)/gs, (_, c: string) => {
    if (c !== '$') throw new Error(`a variable in ${word}`);
    return '$';
  });
}
