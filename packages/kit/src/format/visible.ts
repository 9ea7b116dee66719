/** Line breaks and other controls as their pictures, so that a hostile name can neither move nor hide anything. */
export function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, (control) =>
    control === '\x7f' ? '\u2421' : String.fromCodePoint(0x2400 + (control.codePointAt(0) ?? 0)),
  );
}
