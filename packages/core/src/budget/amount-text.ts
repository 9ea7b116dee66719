import { formatDuration } from '../time.ts';
import type { Amount, LimitName } from './limits.ts';

/** As it stands in a sentence: `1m30s`, `512 MiB`, `1,200 tokens`, `2 USD`, `3 actions`. */
export function amountText(limit: LimitName | 'wall', amount: Amount): string {
  if (typeof amount === 'string') return amount;
  switch (limit) {
    case 'wall':
      return formatDuration(amount);
    case 'cpu':
      return `${formatDuration(amount)} of processor time`;
    case 'memory':
      return sizeText(amount);
    default:
      return `${grouped(amount)} ${amount === 1 ? limit.replace(/s$/, '') : limit}`;
  }
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number(value.toFixed(value < 10 && power > 0 ? 1 : 0))} ${UNITS[power]}`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
