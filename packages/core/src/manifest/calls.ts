import type { ActionManifest } from '@cadre/sdk';
import { rcompare, satisfies } from 'semver';

/** Whether an action says that it may call this one, `worker/action`. */
export function mayCall({ calls = [] }: ActionManifest, uses: string): boolean {
  return calls.some((one) => coversCall(one, uses));
}

/** `files/*` covers `files/write` and itself. */
export function coversCall(declared: string, uses: string): boolean {
  return declared === uses || (declared.endsWith('/*') && uses.startsWith(declared.slice(0, -1)));
}

/** Effects that the one who is called has and its caller does not own up to: whoever looks at the caller would not know of them. */
export function unownedEffects(caller: ActionManifest, called: ActionManifest): ActionManifest['effects'] {
  return called.effects.filter((effect) => effect !== 'none' && !caller.effects.includes(effect));
}

/** `greeter wants to call git/status` */
export function callSentence(worker: string, call: string): string {
  const [called = '', action] = call.split('/');
  return `${worker} wants to call ${action === '*' ? `every action of ${called}` : call}`;
}

/** Which version of a worker is to be used: the newest of those that a run keeps and that fit what is wanted. */
export function versionToCall(
  range: string | undefined,
  kept: string | readonly string[] | undefined,
): string | undefined {
  const fitting = [kept ?? []].flat().filter((version) => versionFits(version, range));
  return fitting.sort(rcompare)[0] ?? range;
}

export function versionFits(version: string, range: string | undefined): boolean {
  return range === undefined || satisfies(version, range);
}
