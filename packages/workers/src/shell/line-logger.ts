import type { ActionContext } from '@cadre/sdk';

type Stream = 'stdout' | 'stderr';

/** A program may write without end and without a line end; a log line must fit on a screen. */
const MAX_LINE = 8_192;

/** Turns pieces of output into whole log lines. `end` logs what has no line end. */
export function lineLogger(context: ActionContext) {
  const pending: Record<Stream, string> = { stdout: '', stderr: '' };
  const log = (stream: Stream, line: string) => context.log('info', line, { stream });
  return {
    write(stream: Stream, text: string) {
      const lines = (pending[stream] + text).split('\n');
      pending[stream] = lines.pop() ?? '';
      for (const line of lines) log(stream, line.replace(/\r$/, '').slice(0, MAX_LINE));
      if (pending[stream].length < MAX_LINE) return;
      log(stream, pending[stream]);
      pending[stream] = '';
    },
    end() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (pending[stream] !== '') log(stream, pending[stream]);
      }
    },
  };
}
