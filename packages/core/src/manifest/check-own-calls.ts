import type { ActionManifest, Manifest } from '@cadre/sdk';
import { didYouMean } from '../nearest.ts';
import { coversCall, unownedEffects } from './calls.ts';
import type { ManifestFault } from './check-manifest.ts';

/** What actions of one worker call of each other can be known from its manifest alone: that it is there, its effects, and circles. */
export function checkOwnCalls(manifest: Manifest): readonly ManifestFault[] {
  const { id, actions } = manifest;
  return actions.flatMap((action, index) =>
    (action.calls ?? []).flatMap((call, at): readonly ManifestFault[] => {
      if (!call.startsWith(`${id}/`)) return [];
      const path = ['actions', index, 'calls', at];
      const called = actions.filter(({ name }) => coversCall(call, `${id}/${name}`));
      if (called.length === 0) return [unknown(call, path, manifest)];
      const [one] = called;
      // Which ones of all are meant nobody can know.
      if (one === undefined || call.endsWith('/*')) return [];
      return [...checkEffects(action, one, path), ...checkCircle(action, one, path, manifest)];
    }),
  );
}

function unknown(call: string, path: ManifestFault['path'], { id, actions }: Manifest): ManifestFault {
  const known = actions.map(({ name }) => `${id}/${name}`);
  const suggestion = didYouMean(call, known) ?? `name one of ${known.join(', ')}`;
  return { severity: 'error', path, message: `there is no action ${call}`, suggestion };
}

function checkEffects(
  caller: ActionManifest,
  called: ActionManifest,
  path: ManifestFault['path'],
): readonly ManifestFault[] {
  const effects = unownedEffects(caller, called);
  if (effects.length === 0) return [];
  const list = effects.join(', ');
  const message = `${called.name} may ${list}, and ${caller.name}, which calls it, does not say so`;
  return [{ severity: 'error', path, message, suggestion: `add ${list} to effects of ${caller.name}` }];
}

/** An action in a circle is never performed: the call that would close it is refused. */
function checkCircle(
  from: ActionManifest,
  called: ActionManifest,
  path: ManifestFault['path'],
  { id, actions }: Manifest,
): readonly ManifestFault[] {
  const seen = new Set<string>();
  const leadsBack = (action: ActionManifest): boolean => {
    if (action.name === from.name) return true;
    if (seen.has(action.name)) return false;
    seen.add(action.name);
    return actions.some((next) => action.calls?.includes(`${id}/${next.name}`) && leadsBack(next));
  };
  if (!leadsBack(called)) return [];
  const by = called.name === from.name ? 'itself' : `${called.name}, which leads back to it`;
  return [
    {
      severity: 'error',
      path,
      message: `${from.name} calls ${by}`,
      suggestion: 'an action cannot be called while it is being performed: leave one of them out',
    },
  ];
}
