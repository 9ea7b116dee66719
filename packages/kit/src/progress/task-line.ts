import { bytes, count, percent } from '../format/number.ts';
import { duration } from '../format/time.ts';
import { visible } from '../format/visible.ts';
import { displayWidth, truncate } from '../format/width.ts';
import type { ProgressEvent, ProgressState } from './event.ts';

export interface LineStyle {
  readonly width: number;
  readonly unicode: boolean;
  readonly colours: boolean;
}

const BAR_WIDTH = 20;
const SPINNERS = { unicode: [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'], ascii: [...'-\\|/'] };
const MARKS: Readonly<
  Record<Exclude<ProgressState, 'running'>, readonly [unicode: string, ascii: string, colour: number]>
> = {
  succeeded: ['✔', 'ok', 32],
  failed: ['✖', 'failed', 31],
  skipped: ['–', 'skipped', 33],
  cancelled: ['■', 'cancelled', 33],
};

/** One task as one line that is never wider than asked. `frame` turns the spinner. */
export function taskLine(event: ProgressEvent, depth: number, frame: number, style: LineStyle): string {
  const indent = '  '.repeat(depth);
  const mark = markOf(event.state, frame, style);
  const numbers = event.state === 'running' ? [barOf(event, style), amounts(event)] : [amounts(event)];
  const tail = numbers.filter((part) => part !== '').join(' ');
  const head = `${indent}${mark} `;
  const room = style.width - displayWidth(head) - (tail === '' ? 0 : displayWidth(tail) + 1);
  const ellipsis = style.unicode ? '…' : '..';
  // On a very narrow terminal the name says more than the numbers.
  const label = truncate(visible(event.label), Math.max(room, Math.min(style.width, 8)), { mark: ellipsis });
  const line = truncate(`${head}${label}${tail === '' ? '' : ` ${tail}`}`, style.width, { mark: '' });
  return style.colours ? line.replace(mark, coloured(mark, event.state)) : line;
}

/** `12 of 40 files, 3.2/s, 9s left`; for one who reads it without seeing a bar. */
export function amounts({ done, total, unit, rate, etaMs, state }: ProgressEvent): string {
  const number = unit === 'bytes' ? bytes : count;
  const name = unit === undefined || unit === 'bytes' ? '' : ` ${unit}`;
  const showsDone = total !== undefined || done > 0;
  const parts = [
    showsDone ? `${number(done)}${total === undefined ? '' : ` of ${number(total)}`}${name}` : '',
    rate === undefined || rate === 0 || state !== 'running' ? '' : `${number(rate)}/s`,
    etaMs === undefined ? '' : `${duration(etaMs)} left`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

export function shareOf({ done, total }: ProgressEvent): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(1, done / total);
}

function barOf(event: ProgressEvent, { unicode, width }: LineStyle): string {
  const share = shareOf(event);
  if (share === undefined) return '';
  const text = percent(Math.floor(share * 100) / 100).padStart(4);
  if (width < 3 * BAR_WIDTH) return text;
  const full = Math.round(share * BAR_WIDTH);
  const [on, off] = unicode ? ['█', '░'] : ['#', '.'];
  return `${on.repeat(full)}${off.repeat(BAR_WIDTH - full)} ${text}`;
}

function markOf(state: ProgressState, frame: number, { unicode }: LineStyle): string {
  if (state !== 'running') return MARKS[state][unicode ? 0 : 1];
  const frames = unicode ? SPINNERS.unicode : SPINNERS.ascii;
  return frames[frame % frames.length] ?? '';
}

function coloured(mark: string, state: ProgressState): string {
  const colour = state === 'running' ? 36 : MARKS[state][2];
  return `\x1b[${colour}m${mark}\x1b[39m`;
}
