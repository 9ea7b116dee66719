import { displayWidth } from '../format/width.ts';
import type { Clock } from './clock.ts';
import type { ProgressEvent } from './event.ts';
import type { ProgressStream, Renderer } from './renderer.ts';
import { restoreAtExit } from './restore-at-exit.ts';
import { type LineStyle, taskLine } from './task-line.ts';

/** Ten times a second; a faster eye is not known. */
const FRAME_MS = 100;
/** Deeper ones are not indented further; it also ends what events from elsewhere may tangle. */
const MOST_LEVELS = 8;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[0J';

export interface TerminalOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly unicode: boolean;
  readonly colours: boolean;
  /** Cells; default what the stream tells. */
  readonly width?: number;
}

/**
 * Redraws running tasks in place.
 * Invariants:
 * 1. The cursor stands at the start of the line below the last drawn one; above it stand `drawn`, nothing else.
 * 2. Ended tasks and printed lines are written once, above, and never touched again.
 * 3. A frame is written at most every 100 ms and never more rows than the terminal shows.
 * 4. The cursor is shown again when it is closed or the process ends, by whatever way that leaves time to write.
 */
export function createTerminalRenderer(options: TerminalOptions): Renderer {
  const { stream, clock } = options;
  const tasks = new Map<string, ProgressEvent>();
  const finished: string[] = [];
  let drawn: readonly string[] = [];
  let frame = 0;
  let lastDrawAt = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;
  let forget: (() => void) | undefined;

  // One cell less than there is: writing the last one makes some terminals wrap.
  const style = (): LineStyle => ({
    width: Math.max(1, (options.width ?? stream.columns ?? 80) - 1),
    unicode: options.unicode,
    colours: options.colours,
  });
  const depthOf = (event: ProgressEvent, deepest = MOST_LEVELS): number => {
    const parent = event.parent === undefined ? undefined : tasks.get(event.parent);
    return parent === undefined || deepest === 0 ? 0 : 1 + depthOf(parent, deepest - 1);
  };
  const draw = () => {
    cancelTimer?.();
    cancelTimer = undefined;
    lastDrawAt = clock.now();
    frame += 1;
    const rows = Math.max(1, (stream.rows ?? 24) - 1);
    const live = inTreeOrder([...tasks.values()]).map((event) =>
      taskLine(event, depthOf(event), frame, style()),
    );
    const shown = live.length > rows ? live.slice(live.length - rows) : live;
    forget ??= restoreAtExit(() => stream.write(`${erase(drawn, style().width + 1)}${SHOW_CURSOR}`));
    const text = [...finished.splice(0), ...shown].map((line) => `${line}\n`).join('');
    stream.write(`${HIDE_CURSOR}${erase(drawn, style().width + 1)}${text}`);
    drawn = shown;
    if (tasks.size > 0) schedule();
  };
  const schedule = () => {
    cancelTimer ??= clock.after(Math.max(0, lastDrawAt + FRAME_MS - clock.now()), draw);
  };
  stream.on?.('resize', schedule);

  return {
    show(event) {
      if (event.state === 'running') tasks.set(event.id, event);
      else {
        finished.push(taskLine(event, depthOf(event), 0, style()));
        tasks.delete(event.id);
      }
      schedule();
    },
    print(line) {
      finished.push(line);
      schedule();
    },
    close() {
      stream.off?.('resize', schedule);
      if (finished.length > 0 || drawn.length > 0) {
        tasks.clear();
        draw();
      }
      cancelTimer?.();
      forget?.();
      if (forget !== undefined) stream.write(SHOW_CURSOR);
      forget = undefined;
    },
  };
}

/** Back over the lines as they stand now: after a resize a line may take more rows than when it was written. */
function erase(lines: readonly string[], columns: number): string {
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  return rows === 0 ? '' : `\x1b[${rows}A\r${CLEAR_BELOW}`;
}

/** Children below their parents, each group in the order in which it began. */
function inTreeOrder(events: readonly ProgressEvent[]): readonly ProgressEvent[] {
  const ids = new Set(events.map(({ id }) => id));
  const below = (parent: string | undefined): readonly ProgressEvent[] =>
    events
      .filter(
        (event) =>
          (event.parent !== undefined && ids.has(event.parent) ? event.parent : undefined) === parent,
      )
      .flatMap((event) => [event, ...below(event.id)]);
  return below(undefined);
}
