import { type Clock, systemClock } from './clock.ts';
import type { ProgressEvent } from './event.ts';
import { createLinesRenderer } from './lines.ts';
import { createMeter, type Task, type TaskOptions } from './meter.ts';
import type { ProgressStream, Renderer } from './renderer.ts';
import { createTerminalRenderer } from './terminal.ts';

export type ProgressMode = 'terminal' | 'lines' | 'json' | 'quiet';

export interface ProgressOptions {
  /** Default standard error. */
  readonly stream?: ProgressStream;
  /** Default what fits the stream: `progressMode`. */
  readonly mode?: ProgressMode;
  /** Cells; default what the stream tells. */
  readonly width?: number;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Hears every event, whatever the mode. */
  readonly onEvent?: (event: ProgressEvent) => void;
}

export interface Progress extends Disposable {
  /** Begins a task; end it in a `finally`. */
  start(label: string, options?: TaskOptions): Task;
  /** Shows an event that was made elsewhere, for example in another process. */
  show(event: ProgressEvent): void;
  /** Writes a line of other text without disturbing what moves. */
  print(line: string): void;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** Shows how work goes on, in the way that fits where it is shown. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, clock = systemClock, env = process.env } = options;
  const renderer = RENDERERS[options.mode ?? progressMode(stream, env)]({
    stream,
    clock,
    unicode: showsUnicode(env),
    colours: wantsColours(env),
    ...(options.width === undefined ? {} : { width: options.width }),
  });
  const show = (event: ProgressEvent) => {
    options.onEvent?.(event);
    renderer.show(event);
  };
  const { start } = createMeter(clock, show);
  return {
    start,
    show,
    print: renderer.print,
    close: renderer.close,
    [Symbol.dispose]: renderer.close,
  };
}

const RENDERERS: Readonly<
  Record<ProgressMode, (options: Parameters<typeof createTerminalRenderer>[0]) => Renderer>
> = {
  terminal: createTerminalRenderer,
  lines: ({ stream, clock }) => createLinesRenderer(stream, clock),
  json: ({ stream }) => ({
    show: (event) => void stream.write(`${JSON.stringify(event)}\n`),
    print: () => {},
    close: () => {},
  }),
  quiet: () => ({ show: () => {}, print: () => {}, close: () => {} }),
};

/** `terminal` where lines can be redrawn, else `lines`. */
export function progressMode(
  stream: ProgressStream,
  env: Readonly<Record<string, string | undefined>>,
): 'terminal' | 'lines' {
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? 'terminal' : 'lines';
}

/** https://no-color.org: any value but the empty one turns colours off. */
export function wantsColours(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Whether more than ASCII can be shown: by the locale, as programs on Unix do; newer Windows terminals can. */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['WT_SESSION'] !== undefined) return true;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux';
}
