import type { Log } from '@cadre/kit/log';
import type { Watched } from '../../engine/watch.ts';

const LEVELS = {
  'step.failed': 'error',
  'run.failed': 'error',
  'step.timed_out': 'error',
  'step.retrying': 'warn',
} as const;

/** What happens in a run, and what its steps say, goes to the log file too; secrets were masked before it gets here. */
export function keepLog(log: Log, item: Watched): void {
  if (item.kind === 'progress') return;
  if (item.kind === 'log') {
    const { level, message, step, fields } = item.line;
    log[level](message, { ...fields, step });
    return;
  }
  const { type, at: _, number, ...rest } = item.event;
  const level = LEVELS[type as keyof typeof LEVELS] ?? 'info';
  const step = 'step' in rest ? { step: rest.step } : {};
  const failure = 'failure' in rest ? { code: rest.failure.code, failure: rest.failure.message } : {};
  log[level](type, { name: 'run', number, ...step, ...failure });
}
