import { plainText } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import { inLine, type Standstill } from '../../upkeep/standstill.ts';
import type { Output } from '../output.ts';
import { paint } from './report.ts';

/** Of a wide run the first few are enough. */
const MOST_SHOWN = 5;

/** Why it does not move, since when, and what happens next and when. */
export function printStandstill(
  { sentence, since, next, nextAt, reason, waiting = [] }: Standstill,
  now: number,
  output: Output,
): void {
  const from = relativeTime(since, { now });
  output.line(`${paint('why', 'yellow', output.colours)} ${plainText(sentence)}, since ${from}`);
  const at = nextAt === undefined ? '' : ` (${new Date(nextAt).toISOString()})`;
  output.line(output.colours.dim(`  next: ${plainText(next)}${at}`));
  // The first of them stands in the sentence already.
  const others = reason === 'performing' ? waiting : waiting.slice(1);
  for (const one of others.slice(0, MOST_SHOWN))
    output.line(output.colours.dim(`  ${plainText(inLine(one))}`));
}
