/** A command line to words as a shell would split it, with quotes and backslashes, and nothing else expanded. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  const pattern = /\s+|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+)/g;
  let word: string | undefined;
  for (const [part, single, double, escaped, plain] of text.matchAll(pattern)) {
    if (/^\s/.test(part)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
  }
  return word === undefined ? words : [...words, word];
}

/** A word as a shell takes it literally. */
export function quoteWord(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
