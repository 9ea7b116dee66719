import { once } from '../once.ts';
import { plainText } from './plain-text.ts';

const PLAIN = /^[\x20-\x7e]*$/;

/** Made when a text is first not plain: that takes some milliseconds. */
const patterns = once(() => ({
  other: /[^\x20-\x7e]/gu,
  word: /[\p{L}\p{M}\p{N}_.-]+/gu,
  latin: /\p{Script=Latin}/u,
  notLatin: /(?!\p{Script=Latin})\p{L}/gu,
  // Fillers, variation selectors and joiners draw nothing, whatever category they have.
  unseen: /[\p{Default_Ignorable_Code_Point}\u2800]/gu,
  // Marks are drawn over what stands before them: one or two belong to a letter, more of them cover other lines.
  covering: /\p{Me}|(?<![\p{L}\p{M}])\p{M}|(?<=\p{M}\p{M})\p{M}|[\u0337\u0338]/gu,
  // They look like what separates the parts of a path or an address.
  separator: /[\u02d0\u0589\u05c3\u1735\u2044\u2215\u2236\u2571\u29f8\u29f9\u3033\ua789]/gu,
}));

/**
 * What a person sees before they decide, of which every character counts. Beyond what `plainText` shows as codes: what draws nothing or
 * over something else, what is another way to write a character, and letters of another script in a word of Latin ones.
 */
export function exactText(text: string): string {
  if (PLAIN.test(text)) return text;
  const { other, word, latin, notLatin, unseen, covering, separator } = patterns();
  const inCodes = text
    .replaceAll(unseen, codes)
    .replaceAll(covering, codes)
    .replaceAll(separator, codes)
    .replaceAll(other, (one) => (one.normalize('NFKC') === one ? one : codes(one)))
    .replaceAll(word, (one) => (latin.test(one) ? one.replaceAll(notLatin, codes) : one));
  return plainText(inCodes);
}

/** The same where nothing but ASCII is to be expected, as in the name of a program: every other character is a code. */
export function asciiText(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(/[^\x20-\x7e]/gu, codes);
}

function codes(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
