import { type KeptVersions, keptVersions, mayCall, rangeFor, versionFits } from '@cadre/core';
import type { ActionRunner, InstalledWorker } from '../../ports/action-runner.ts';
import { type FoundAction, MOST_DEEP } from './admit-action.ts';

/**
 * Versions of the workers that an action may call, and that those may call, as they would be chosen now: of those that did not come with Cadre.
 * A worker that is not there is none that anybody could keep.
 */
export function calledVersions(found: FoundAction, runner: Pick<ActionRunner, 'list'>): KeptVersions {
  // Most actions call nobody, and need not know who there is.
  if (found.action.calls === undefined) return {};
  const workers = runner.list();
  const versions: (readonly [id: string, version: string])[] = [];
  const seen = new Set<string>();
  const look = ({ worker, action }: FoundAction, depth: number): void => {
    for (const id of new Set((action.calls ?? []).map((call) => call.split('/')[0] ?? ''))) {
      const called = choose(id, worker, workers);
      if (called === undefined) continue;
      const { version } = called.manifest;
      if (!called.builtIn) versions.push([id, version]);
      for (const one of called.manifest.actions) {
        const name = `${id}/${one.name}`;
        const seenAs = `${name}@${version}`;
        if (!mayCall(action, name) || seen.has(seenAs) || depth >= MOST_DEEP) continue;
        seen.add(seenAs);
        look({ worker: called, action: one }, depth + 1);
      }
    }
  };
  look(found, 1);
  return keptVersions(versions);
}

/** The newest that fits, as the registry chooses. */
function choose(
  id: string,
  { manifest }: InstalledWorker,
  workers: readonly InstalledWorker[],
): InstalledWorker | undefined {
  const range = id === manifest.id ? manifest.version : rangeFor(id, manifest);
  return workers.find((one) => one.manifest.id === id && versionFits(one.manifest.version, range));
}
