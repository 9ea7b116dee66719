const MOST_LINES = 24;
const MOST_CHARACTERS = 1200;
const MOST_OF_VALUE = 60;

/** Code on one line, as far as strings let it be: layout is no part of a signature. */
export function oneLine(code: string): string {
  return code
    .replace(/\s*\n\s*/g, ' ')
    .replace(/([([{<]) (?=\S)/g, '$1')
    .replace(/,? ([)\]>])/g, '$1')
    .trim();
}

/** Code that is shown as it is written, and cut where it gets long. */
export function shownCode(code: string): string {
  const lines = code.split('\n');
  const margin = Math.min(
    ...lines
      .slice(1)
      .filter((line) => line.trim() !== '')
      .map((line) => /^\s*/.exec(line)?.[0].length ?? 0),
  );
  const shown = lines.map((line, index) => (index === 0 ? line : line.slice(margin)).trimEnd());
  const text = shown.slice(0, MOST_LINES).join('\n').slice(0, MOST_CHARACTERS);
  return text.length < shown.join('\n').length ? `${text}\n…` : text;
}

/** A value that says more than where it comes from: short, and on one line. */
export function shortValue(value: string | undefined): string | undefined {
  return value === undefined || value.length > MOST_OF_VALUE || value.includes('\n') ? undefined : value;
}
