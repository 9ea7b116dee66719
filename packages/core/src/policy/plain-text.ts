/** Control, format (zero-width, direction-changing), private-use, unassigned and separator characters other than a blank. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Text as a person should see it before they decide: what cannot be seen, or misleads, is shown as its code. */
export function plainText(text: string): string {
  return text.replaceAll(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
