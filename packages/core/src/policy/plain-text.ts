/** Control, format (zero-width, direction-changing), private-use, unassigned and separator characters other than a blank. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Almost every text is plain; then the pattern above, which takes a millisecond to make, is never needed. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Text as a person should see it before they decide: what cannot be seen, or misleads, is shown as its code. */
export function plainText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
