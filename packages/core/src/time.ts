const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]);

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[wdhms]))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|[wdhms])/g;
const SIZE = /^(\d+(?:\.\d+)?) ?([kKMGT]?i?B)$/;

/** Milliseconds of a text such as `10m`, `1h30m`, `1.5h` or `500ms`; undefined when it is none. Units: w d h m s ms. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(DURATION_PART)].map(
    ([, count, unit]) => Number(count) * unitOf(DURATION_UNITS, unit),
  );
  return wholeNumber(parts.reduce((sum, part) => sum + part, 0));
}

/** Bytes of a text such as `2GiB`, `500 MB` or `512B`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = (text.length > 64 ? null : SIZE.exec(text)) ?? [];
  return unit === undefined || !SIZE_UNITS.has(unit)
    ? undefined
    : wholeNumber(Number(count) * unitOf(SIZE_UNITS, unit));
}

/** The shortest text that `parseDuration` reads as so many milliseconds: `1h30m`, `1s500ms`, `0ms`. */
export function formatDuration(durationMs: number): string {
  let left = Math.round(durationMs);
  const parts: string[] = [];
  for (const [unit, length] of DURATION_UNITS) {
    if (left >= length) parts.push(`${Math.floor(left / length)}${unit}`);
    left %= length;
  }
  return parts.length === 0 ? '0ms' : parts.join('');
}

function unitOf(units: ReadonlyMap<string, number>, unit: string | undefined): number {
  return units.get(unit ?? '') ?? Number.NaN;
}

function wholeNumber(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
