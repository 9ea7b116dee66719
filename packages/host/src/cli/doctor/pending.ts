import { isCadreError } from '@cadre/core/errors';
import { isOver } from '@cadre/core/history';
import { bytes } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Mend } from '../../upkeep/repair.ts';
import type { Output } from '../output.ts';
import { paint } from '../show/report.ts';
import type { Check } from './check.ts';

export async function sizeChecks(app: App): Promise<Check[]> {
  const [sizes, counts] = [await app.upkeep.sizes(), await app.upkeep.counts()];
  const open = counts.filter(({ status }) => !isOver(status)).reduce((sum, { runs }) => sum + runs, 0);
  const parts = sizes.map(({ class: name, runs, bytes: size }) => `${name} ${runs} (${bytes(size)})`);
  const detail = [`${open} runs not over`, ...parts].join(' · ');
  return [{ what: 'kept', state: 'ok', detail, hint: 'cadre clean --plan' }];
}

const MOST_PENDING = 20;

/** Each run that is not over, and why it does not move. */
export async function pendingChecks(app: App): Promise<Check[]> {
  const { runs } = await app.engine.list({
    status: ['queued', 'running', 'waiting', 'cancelling'],
    limit: MOST_PENDING,
  });
  const checks: Check[] = [];
  for (const { id } of runs) {
    const found = await app.standstill(id).catch((error: unknown) => {
      if (!isCadreError(error)) throw error;
      return {
        reason: 'unexplained',
        sentence: error.message,
        next: error.hint ?? 'cadre doctor --repair',
      } as const;
    });
    if (found === undefined) continue;
    const isWell = found.reason !== 'unheld' && found.reason !== 'unexplained';
    checks.push({
      what: 'pending',
      state: isWell ? 'ok' : 'warning',
      detail: `${id}: ${found.sentence}`,
      hint: found.next,
    });
  }
  return checks;
}

export function printMends(mends: readonly Mend[], output: Output): void {
  if (mends.length === 0) output.line('\nThere was nothing to mend.');
  for (const { what, target, done, sentence } of mends) {
    const mark =
      done === 'mended' ? paint('✓', 'green', output.colours) : paint('!', 'yellow', output.colours);
    output.line(`${mark} ${done} ${what} ${target}: ${sentence}`);
  }
}
