import { amountText, type NumberedEvent, type Workflow } from '@cadre/core';
import { createProgress, type ProgressStream, type Task } from '@cadre/kit/progress';
import type { Watched } from '../../engine/watch.ts';
import type { Invocation } from '../command.ts';

export interface Live {
  show(item: Watched): void;
  /** Gives the terminal to a question and takes it back. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

const ENDED = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.timed_out': 'failed',
  'step.skipped': 'skipped',
  'step.cancelled': 'cancelled',
} as const;

/** Shows on standard error what a run is doing now. What it did is the report's business. */
export function startLive(workflow: Workflow, { io, output }: Invocation): Live {
  const names = new Map(workflow.steps.map((step) => [step.id, step.name ?? step.id]));
  const tasks = new Map<string, Task>();
  const open = () =>
    createProgress({
      stream: io.stderr as ProgressStream,
      env: io.env,
      ...(output.quiet || output.json ? { mode: 'quiet' as const } : {}),
    });
  let progress = open();

  const showWarning = ({ scope, limit, planned, used }: Extract<NumberedEvent, { type: 'run.warned' }>) => {
    const whose = scope === '' ? 'the run' : `the step ${scope}`;
    progress.close();
    output.note(`${whose} has used ${amountText(limit, used)} of ${amountText(limit, planned)}`);
    progress = open();
  };

  const showEvent = (event: Extract<Watched, { kind: 'event' }>['event']) => {
    if (event.type === 'run.warned') showWarning(event);
    if (event.type === 'step.started') {
      tasks.set(event.step, progress.start(names.get(event.step) ?? event.step));
      return;
    }
    if (!(event.type in ENDED) || !('step' in event)) return;
    tasks.get(event.step)?.end(ENDED[event.type as keyof typeof ENDED]);
    tasks.delete(event.step);
  };

  return {
    show(item) {
      if (item.kind === 'event') return showEvent(item.event);
      if (item.kind !== 'progress') return;
      const { label, done, total } = item.progress;
      tasks.get(item.step)?.update(done, {
        ...(total === undefined ? {} : { total }),
        ...(label === undefined ? {} : { label: `${names.get(item.step) ?? item.step}: ${label}` }),
      });
    },
    async pause(work) {
      progress.close();
      try {
        return await work();
      } finally {
        progress = open();
      }
    },
    close: () => progress.close(),
  };
}
