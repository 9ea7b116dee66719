import { plainText } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import type { Standstill } from '../../upkeep/standstill.ts';
import type { Output } from '../output.ts';
import { paint } from './report.ts';

/** Why it does not move, since when, and what happens next and when. */
export function printStandstill(
  { sentence, since, next, nextAt }: Standstill,
  now: number,
  output: Output,
): void {
  const from = relativeTime(since, { now });
  output.line(`${paint('why', 'yellow', output.colours)} ${plainText(sentence)}, since ${from}`);
  const at = nextAt === undefined ? '' : ` (${new Date(nextAt).toISOString()})`;
  output.line(output.colours.dim(`  next: ${plainText(next)}${at}`));
}
