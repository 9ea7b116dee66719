/**
 * Whether `pattern`, in which `*` stands for any characters, takes in everything that `text` can mean. A `*` in `text` is
 * taken in by a `*` of the pattern alone, so the answer also holds between two patterns. Linear in practice: only the
 * last `*` is ever tried again.
 */
export function globCovers(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (pattern[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
