import type { JsonObject, LogLevel, Progress } from '@cadre/sdk';
import type { GateObserver } from '../ports/gate.ts';
import type { LogMask } from './log-mask.ts';

/** A worker that says more in one call has gone wrong; the rest would only fill the disk. */
const MOST_LOG_LINES = 20_000;

/** What is said in a call, and in those that it calls, with secrets taken out. */
export interface CallHearing {
  log(level: LogLevel, message: string, fields?: JsonObject): void;
  progress(progress: Progress): void;
}

export function hearCall(observer: Pick<GateObserver, 'log' | 'progress'>, mask: LogMask): CallHearing {
  let lines = 0;
  return {
    log(level, message, fields) {
      lines += 1;
      if (lines === MOST_LOG_LINES)
        observer.log({ level: 'warn', message: 'further lines of this call are dropped' });
      if (lines >= MOST_LOG_LINES) return;
      observer.log({
        level,
        message: mask.text(message),
        ...(fields === undefined ? {} : { fields: mask.data(fields) }),
      });
    },
    progress: ({ label, ...update }) =>
      observer.progress({ ...update, ...(label === undefined ? {} : { label: mask.text(label) }) }),
  };
}
