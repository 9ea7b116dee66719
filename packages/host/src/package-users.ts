import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isOver, walkSteps } from '@cadre/core';
import type { GrantStore } from './ports/grant-store.ts';
import type { RunStore } from './ports/store.ts';

export async function revokeGrants(grants: GrantStore, worker: string, now: number): Promise<number> {
  const its = (await grants.list(now)).filter(
    (grant) => grant.worker === worker && grant.everywhere !== true,
  );
  for (const { id } of its) await grants.revoke(id);
  return its.length;
}

export async function runsThatUse(runs: RunStore, worker: string): Promise<readonly string[]> {
  const found: string[] = [];
  const definitions = new Map<string, boolean>();
  let cursor: string | undefined;
  do {
    const page = await runs.list({
      status: ['queued', 'running', 'waiting', 'cancelling'],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id, definition, status } of page.runs) {
      if (isOver(status)) continue;
      const uses =
        definitions.get(definition) ??
        walkSteps(await runs.getDefinition(definition)).some(
          ({ step }) => step.kind === 'action' && step.uses.startsWith(`${worker}/`),
        );
      definitions.set(definition, uses);
      if (uses || (await keeps(runs, id, worker))) found.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** A worker that the run's actions call stands in no step. */
async function keeps(runs: RunStore, run: string, worker: string): Promise<boolean> {
  const [created] = await runs.readEvents(run, 0, 1);
  return created?.type === 'run.created' && Object.hasOwn(created.workers ?? {}, worker);
}

/** `.cadre/workflows/release.yaml:12` */
export async function referencesTo(root: string, worker: string): Promise<readonly string[]> {
  const own = join(root, '.cadre');
  const names = await readdir(own, { recursive: true }).catch(() => []);
  const found: string[] = [];
  for (const name of names.filter((one) => /\.(ya?ml|ts)$/.test(one) && !one.startsWith('workers')).sort()) {
    const text = await readFile(join(own, name), 'utf8').catch(() => '');
    text.split('\n').forEach((line, index) => {
      if (new RegExp(`uses:\\s*['"]?${worker}/`).test(line))
        found.push(`${join(basename(own), name)}:${index + 1}`);
    });
  }
  return found;
}
