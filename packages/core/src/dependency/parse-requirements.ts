import { validRange } from 'semver';
import { isPackageId, type PackageKind, type Requirement } from './requirement.ts';

export interface RequirementsRead {
  readonly requires: readonly Requirement[];
  /** Each says what was expected and what was found. */
  readonly faults: readonly string[];
}

/** `git@^1, files@>=2 <3, diagrams?@^2`: a name, a question mark for what may be missing, and a range of versions. */
export function parseRequirements(text: string, kind: PackageKind): RequirementsRead {
  const requires: Requirement[] = [];
  const faults: string[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const read = parseOne(part, kind);
    if (typeof read === 'string') faults.push(read);
    else if (requires.some(({ id }) => id === read.id)) faults.push(`${read.id} is named twice`);
    else requires.push(read);
  }
  return { requires, faults };
}

function parseOne(part: string, kind: PackageKind): Requirement | string {
  if (part === '') return `expected the name of a ${kind} and a range such as git@^1, found nothing`;
  const at = part.indexOf('@');
  const named = (at === -1 ? part : part.slice(0, at)).trim();
  const range = at === -1 ? '*' : part.slice(at + 1).trim();
  const optional = named.endsWith('?');
  const id = optional ? named.slice(0, -1) : named;
  if (!isPackageId(kind, id))
    return `expected the name of a ${kind} before the range, found ${JSON.stringify(named)}`;
  if (range === '' || validRange(range) === null)
    return `expected a range of versions such as ^1 after ${id}@, found ${JSON.stringify(range)}`;
  return { kind, id, range, ...(optional && { optional }) };
}
