import type { ActionManifest } from '@cadre/sdk';

/**
 * How a call is performed.
 * `apply`: for real. In a plan: `scratch` on a copy of the workspace; `report` by the action itself, which only says what
 * it would do; `look` as it is, since it changes nothing; `skip` not at all, since nobody can say what it would do.
 */
export type CallWay = 'apply' | 'scratch' | 'report' | 'look' | 'skip';

export function callWay(action: ActionManifest, mode: 'apply' | 'plan'): CallWay {
  if (mode === 'apply') return 'apply';
  return changesAnything(action) ? (action.preview ?? 'skip') : 'look';
}

export function changesAnything({ effects }: ActionManifest): boolean {
  return effects.some((effect) => effect !== 'none' && effect !== 'read');
}
