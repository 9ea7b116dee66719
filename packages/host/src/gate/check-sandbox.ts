import { type Failure, failure } from '@cadre/sdk';
import type { GateObserver } from '../ports/gate.ts';
import type { GateSettings } from './gate-settings.ts';
import type { Subject } from './subject.ts';

/** Undefined when the call may be performed in the sandbox that there is. */
export type CheckSandbox = (subject: Subject, observer: GateObserver) => Promise<Failure | undefined>;

/**
 * Less than full confinement is refused or said, as the policy wants. A worker that did not come with Cadre is never run
 * where nothing confines it, whatever the policy says.
 */
export function sandboxCheck({
  policy,
  sandboxReport,
}: Pick<GateSettings, 'policy' | 'sandboxReport'>): CheckSandbox {
  let isSaid = false;
  return async ({ worker }, observer) => {
    const report = await sandboxReport();
    if (report.level === 'enforced') return undefined;
    const gaps = report.missing.join('; ');
    const isUnconfined = report.level === 'advisory' && !worker.builtIn;
    if (policy.sandbox === 'require' || isUnconfined) {
      const fix = report.hint ?? 'run Cadre on Linux with bubblewrap';
      return failure(
        'no_sandbox',
        `${worker.manifest.id} was not started, because it cannot be fully confined: ${gaps}`,
        {
          hint: isUnconfined ? fix : `${fix}, or set policy.sandbox to warn`,
          details: { level: report.level, missing: [...report.missing] },
        },
      );
    }
    if (!isSaid) observer.log({ level: 'warn', message: `workers are not fully confined: ${gaps}` });
    isSaid = true;
    return undefined;
  };
}
