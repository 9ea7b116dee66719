import type { Noticed } from '../ports/action-runner.ts';
import type { GateTools } from './gate-tools.ts';
import type { Subject } from './subject.ts';

/** Whoever tries more is known well enough; the rest would only fill the record. */
const MOST = 50;
const LENGTH = 1_000;

export interface NoticeRecord {
  note(noticed: Noticed): void;
  /** Resolves when all of it stands in the record. */
  end(): Promise<void>;
}

/** Puts what was noticed of a worker during one call into the record of decisions. */
export function recordNoticed(
  { worker, action, call }: Subject,
  { audit, logMask }: GateTools,
): NoticeRecord {
  const { principal, run, step } = call;
  const who = { principal, run, step, worker: worker.manifest.id, action: action.name };
  const written: Promise<void>[] = [];
  return {
    note({ kind, tried, rule, permission, isWarning, details }) {
      if (written.length >= MOST) return;
      const isLast = written.length === MOST - 1;
      written.push(
        audit.record({
          ...who,
          operation: isWarning === true ? 'warning' : 'violation',
          ...(permission === undefined ? {} : { permission }),
          target: logMask.text(tried).slice(0, LENGTH),
          decision: isWarning === true ? 'allowed' : 'denied',
          rule: rule.slice(0, LENGTH),
          outcome: isWarning === true ? 'warned' : 'stopped',
          details: {
            kind,
            ...(details === undefined ? {} : logMask.data(details)),
            ...(isLast ? { further: 'what else this call tries is not recorded' } : {}),
          },
        }),
      );
    },
    end: async () => void (await Promise.all(written)),
  };
}
