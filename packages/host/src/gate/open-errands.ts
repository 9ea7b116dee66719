import { join } from 'node:path';
import type { Errand } from '../ports/logins.ts';
import { createErrand } from './create-errand.ts';
import type { GateSettings } from './gate-settings.ts';
import { openGateTools } from './gate-tools.ts';
import { describeSubject } from './subject.ts';
import { noRefusals } from './within-refusals.ts';

/** Errands that belong to no call: those of a person, who signs in for an action. */
export function openErrands(
  settings: GateSettings,
): (uses: string, principal: string, signal: AbortSignal) => Errand {
  const tools = openGateTools(settings);
  return (uses, principal, signal) => {
    const found = settings.runner.resolve(uses);
    const call = {
      uses,
      input: {},
      mode: 'apply',
      principal,
      run: settings.clock.newId('login'),
      step: uses,
      attempt: 1,
      idempotencyKey: '',
      permissionSets: [],
      env: {},
    } as const;
    const data = join(settings.dataDir, 'workers', found.worker.manifest.id);
    const subject = describeSubject(found, call, { workspace: settings.workspace, home: tools.home, data });
    return createErrand({
      ...tools,
      limits: tools.fetchLimits,
      isPlan: false,
      subject,
      signal,
      agent: {},
      refusals: noRefusals(),
      used: new Set(),
    });
  };
}
