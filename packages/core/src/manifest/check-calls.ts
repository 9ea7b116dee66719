import type { ActionManifest, Manifest } from '@cadre/sdk';
import { didYouMean } from '../nearest.ts';
import { coversCall, unownedEffects, versionFits } from './calls.ts';
import type { ManifestFault } from './check-manifest.ts';
import { rangeFor } from './requirements-of.ts';

/** A worker that is there when another one is looked at. */
export interface KnownWorker {
  readonly manifest: Manifest;
  readonly builtIn: boolean;
}

type Path = ManifestFault['path'];

/**
 * What can be said of the calls of a worker by those who know the workers that it calls: of several versions the first that fits, as they are
 * chosen. Of its calls of itself its manifest alone says it.
 */
export function checkCalls(manifest: Manifest, known: readonly KnownWorker[]): readonly ManifestFault[] {
  return manifest.actions.flatMap((action, index) =>
    (action.calls ?? []).flatMap((call, at): readonly ManifestFault[] => {
      const [id = '', name = ''] = call.split('/');
      if (id === manifest.id) return [];
      const path = ['actions', index, 'calls', at];
      const range = rangeFor(id, manifest);
      const worker = find(id, range, known);
      if (worker === undefined) return [absent(id, range, path, known)];
      const called = worker.manifest.actions.filter((one) => coversCall(call, `${id}/${one.name}`));
      const [one] = called;
      if (one === undefined) return [unknown(call, worker.manifest, path)];
      return [
        ...(worker.builtIn || range !== undefined ? [] : [unbound(worker.manifest, path)]),
        // Which ones of all are meant nobody can know.
        ...(name === '*' ? [] : checkPair(action, one, call, path)),
        ...(name === '*' ? [] : checkCircle(`${manifest.id}/${action.name}`, call, path, manifest, known)),
      ];
    }),
  );
}

function find(id: string, range: string | undefined, known: readonly KnownWorker[]): KnownWorker | undefined {
  return known.find(({ manifest }) => manifest.id === id && versionFits(manifest.version, range));
}

function checkPair(
  action: ActionManifest,
  called: ActionManifest,
  call: string,
  path: Path,
): readonly ManifestFault[] {
  const effects = unownedEffects(action, called).join(', ');
  const changes = called.effects.some((effect) => effect !== 'none' && effect !== 'read');
  const faults: ManifestFault[] = [];
  if (effects !== '') {
    const message = `${call} may ${effects}, and ${action.name}, which calls it, does not say so`;
    const suggestion = `add ${effects} to effects of ${action.name}`;
    faults.push({ severity: 'error', path, message, suggestion });
  }
  if (changes && called.preview === undefined && action.preview !== undefined) {
    const message = `${call} cannot show what it would do, so ${action.name} cannot either`;
    faults.push({
      severity: 'warning',
      path,
      message,
      suggestion: 'plans will say that its effects are unknown',
    });
  }
  if (changes && called.idempotent !== true && action.idempotent === true) {
    const message = `${action.name} promises that doing it twice is doing it once, and ${call} does not`;
    faults.push({
      severity: 'warning',
      path,
      message,
      suggestion: 'leave idempotent out, unless it knows what was done',
    });
  }
  return faults;
}

/** The call that would close a circle is refused, so what is in one never ends well. */
function checkCircle(
  from: string,
  call: string,
  path: Path,
  manifest: Manifest,
  known: readonly KnownWorker[],
): readonly ManifestFault[] {
  const seen = new Set<string>();
  const wayBack = (uses: string, by: Manifest): readonly string[] | undefined => {
    if (uses === from) return [uses];
    if (seen.has(uses)) return undefined;
    seen.add(uses);
    const [id = '', name] = uses.split('/');
    const worker = id === manifest.id ? manifest : find(id, rangeFor(id, by), known)?.manifest;
    const action = worker?.actions.find((one) => one.name === name);
    for (const next of action?.calls ?? []) {
      const way = worker && wayBack(next, worker);
      if (way !== undefined) return [uses, ...way];
    }
    return undefined;
  };
  const way = wayBack(call, manifest);
  if (way === undefined) return [];
  const message = `it goes in a circle: ${[from, ...way].join(' → ')}`;
  const suggestion = 'an action cannot be called while it is being performed: leave one of them out';
  return [{ severity: 'error', path, message, suggestion }];
}

function absent(
  id: string,
  range: string | undefined,
  path: Path,
  known: readonly KnownWorker[],
): ManifestFault {
  const versions = known.filter(({ manifest }) => manifest.id === id).map(({ manifest }) => manifest.version);
  if (versions.length > 0) {
    const message = `${id} is wanted in version ${range}, there is ${versions.join(', ')}`;
    return {
      severity: 'warning',
      path,
      message,
      suggestion: 'change its range under dependencies, or install that version',
    };
  }
  const ids = [...new Set(known.map(({ manifest }) => manifest.id))];
  return {
    severity: 'warning',
    path,
    message: `there is no worker ${id} here, so its calls cannot be checked`,
    suggestion: didYouMean(id, ids) ?? 'it has to be there where this one is used',
  };
}

function unknown(call: string, { id, version, actions }: Manifest, path: Path): ManifestFault {
  const names = actions.map(({ name }) => `${id}/${name}`);
  const suggestion = didYouMean(call, names) ?? `there are ${names.join(', ')}`;
  return { severity: 'error', path, message: `${id} ${version} has no action ${call}`, suggestion };
}

function unbound({ id, version }: Manifest, path: Path): ManifestFault {
  return {
    severity: 'warning',
    path,
    message: `no version of ${id} is named, so any is called`,
    suggestion: `add dependencies: { ${id}: "^${version}" }`,
  };
}
