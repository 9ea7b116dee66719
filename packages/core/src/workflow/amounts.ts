/** `200k`, `1.5M` or `300` as a whole number; undefined when it is none. */
export function parseCount(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,12}(?:\.\d{1,6})?)([kM]?)$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  const value = Number(count) * (UNITS[unit ?? ''] ?? 1);
  return Number.isInteger(value) ? value : undefined;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_000, M: 1_000_000 };
