import { describe, expect, test } from 'vitest';
import { asciiText, exactText } from './exact-text.ts';
import { permissionSentence } from './permission.ts';

describe('what a person sees before they decide', () => {
  test.each([
    ['plain words', '/home/ann/src (git)', '/home/ann/src (git)'],
    ['other languages', 'Übung/наклейка/日本語/नमस्ते', 'Übung/наклейка/日本語/नमस्ते'],
    ['a colour', 'a\u001b[31mb', 'a\\u{1b}[31mb'],
    ['a cursor that goes back', 'rm\b\b\u001b[2Kls', 'rm\\u{8}\\u{8}\\u{1b}[2Kls'],
    ['a new line and a second question', 'a\n✓ allowed\r', 'a\\u{a}✓ allowed\\u{d}'],
    ['letters from right to left', 'a\u202egpj.exe\u2069', 'a\\u{202e}gpj.exe\\u{2069}'],
    ['marks of direction', 'a\u200f\u061cb', 'a\\u{200f}\\u{61c}b'],
    ['nothing to see', 'a\u200b\ufeff\u3164\u115f\uffa0\ufe0f\u034f\u2800b', undefined],
    ['letters that are taken for others', 'gіt аpt', 'g\\u{456}t \\u{430}pt'],
    ['letters in full width and of mathematics', 'ｇit 𝐠it', '\\u{ff47}it \\u{1d420}it'],
    ['what looks like a slash or a colon', 'a∕b⁄c：d', 'a\\u{2215}b\\u{2044}c\\u{ff1a}d'],
    ['marks that cover other lines', 'e\u0301\u0301\u0301\u0301', 'e\u0301\u0301\\u{301}\\u{301}'],
    ['a stroke through a slash', '/\u0338tmp', '/\\u{338}tmp'],
    ['other blanks', 'a\u00a0\u3000b\u2028c', 'a\\u{a0}\\u{3000}b\\u{2028}c'],
    ['halves of characters', 'a\ud800b', 'a\\u{d800}b'],
    ['tags that hide words', 'a\u{e0041}b', 'a\\u{e0041}b'],
  ])('[WRK-15] of %s every character can be told', (_, text, shown) => {
    const told = exactText(text);
    if (shown !== undefined) expect(told).toBe(shown);
    expect(told).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\p{Zl}\p{Zp}]/u);
  });

  test('[WRK-15] no two names look the same', () => {
    const names = ['git', 'gіt', 'ｇit', 'git\u200b', 'git\u3164', 'g\u00adit', 'git\ufe0e', '𝗀it'];
    expect(new Set(names.map(exactText)).size).toBe(names.length);
  });

  test('[WRK-15] a program is shown in ASCII, so that not even a whole word of look-alikes passes', () => {
    expect(asciiText('сосо')).toBe('\\u{441}\\u{43e}\\u{441}\\u{43e}');
    expect(permissionSentence('tool', { type: 'shell', scope: 'сосо' })).not.toContain('сосо');
  });
});
