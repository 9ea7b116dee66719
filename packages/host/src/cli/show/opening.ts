import { plainText } from '@cadre/core';
import type { Place } from '../open-workspace.ts';
import { branchOf } from '../run/branch-of.ts';
import type { Prepared } from '../run/prepare.ts';

/** What a run is about, before it begins: `hygiene: my-repo on main, profile standard, plan`. */
export async function openingLine(
  { workflow, profile }: Prepared,
  place: Place,
  what: 'plan' | 'apply' | 'plan, then ask',
): Promise<string> {
  const branch = await branchOf(place.root);
  const where = branch === undefined ? place.name : `${place.name} on ${branch}`;
  const preset = profile === undefined ? '' : `, profile ${profile}`;
  return plainText(`${workflow.name}: ${where}${preset}, ${what}`);
}
