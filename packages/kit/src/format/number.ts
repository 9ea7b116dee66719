import { finite } from './finite.ts';

/** Made when first used, as everything of Intl: each takes some milliseconds. */
let percentFormat: Intl.NumberFormat | undefined;
let ordinalRules: Intl.PluralRules | undefined;
const SUFFIXES: Readonly<Record<Intl.LDMLPluralRule, string>> = {
  one: 'st',
  two: 'nd',
  few: 'rd',
  other: 'th',
  zero: 'th',
  many: 'th',
};

/** `1.5 MiB`: powers of 1,024. */
export function bytes(value: number): string {
  const [number, unit] = scaled(finite(value, 'a number of bytes'), 1024, [
    'B',
    'KiB',
    'MiB',
    'GiB',
    'TiB',
    'PiB',
  ]);
  return `${number} ${unit}`;
}

/** `1.2k`: powers of 1,000. */
export function count(value: number): string {
  return scaled(finite(value, 'a count'), 1000, ['', 'k', 'M', 'G', 'T']).join('');
}

/** `0.853` to `85.3%`. */
export function percent(share: number): string {
  percentFormat ??= new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
  return percentFormat.format(finite(share, 'a share'));
}

/** `$1,234.50`; the currency is an ISO 4217 code. */
export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(finite(amount, 'an amount'));
}

/** `1st`, `22nd`, `113th`. */
export function ordinal(value: number): string {
  ordinalRules ??= new Intl.PluralRules('en', { type: 'ordinal' });
  return `${finite(value, 'a rank')}${SUFFIXES[ordinalRules.select(value)]}`;
}

/** `3 files`, `1 file`; the plural is the singular and an s unless it is given. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** One decimal below ten; what would round up to the base takes the next unit. */
function scaled(value: number, base: number, units: readonly string[]): [number, string] {
  let rest = Math.abs(value);
  let step = 0;
  while (rounded(rest, step) >= base && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  return [Math.sign(value) * rounded(rest, step), units[step] ?? ''];
}

function rounded(value: number, step: number): number {
  return step === 0 || value >= 9.95 ? Math.round(value) : Math.round(value * 10) / 10;
}
