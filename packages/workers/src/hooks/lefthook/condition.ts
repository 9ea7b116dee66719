import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanRequest } from '../plan-request.ts';
import type { Condition } from './config.ts';
import { lefthookGlob } from './glob.ts';

/** Whether a condition holds in the repository as it is. */
export async function holds(condition: Condition, request: PlanRequest): Promise<boolean> {
  if (typeof condition === 'boolean') return condition;
  for (const part of condition) {
    if (typeof part === 'string' ? inState(part, request) : await isMet(part, request)) return true;
  }
  return false;
}

/** `skip` and `only` together: a reason not to run, or undefined. */
export async function reasonToSkip(
  job: { readonly skip: Condition; readonly only: Condition },
  request: PlanRequest,
): Promise<string | undefined> {
  if (await holds(job.skip, request)) return 'by its setting skip';
  const limited = job.only === false || (Array.isArray(job.only) && job.only.length > 0);
  return limited && !(await holds(job.only, request)) ? 'by its setting only' : undefined;
}

function inState(state: string, { snapshot }: PlanRequest): boolean {
  const { gitDir } = snapshot.repository;
  const has = (name: string) => existsSync(join(gitDir, name));
  if (state === 'merge') return has('MERGE_HEAD');
  return state === 'rebase' && (has('rebase-merge') || has('rebase-apply'));
}

async function isMet(
  { ref, run }: { readonly ref?: string; readonly run?: string },
  { context, snapshot }: PlanRequest,
): Promise<boolean> {
  if (ref !== undefined) {
    const branch = await snapshot.branch();
    return branch !== null && lefthookGlob(ref, 'gobwas')(branch);
  }
  if (run === undefined) return false;
  const { code } = await context.exec('sh', ['-c', run], { cwd: snapshot.repository.root });
  return code === 0;
}
