import { rcompare, satisfies } from 'semver';
import { nameOfPackage, nameOfRequirement, type PackageVersion, type Requirement } from './requirement.ts';

export interface RequirementFault {
  readonly kind: 'missing' | 'conflict' | 'cycle';
  readonly message: string;
  /** From the package that was asked for to what is wrong; of a conflict one for each that asks. */
  readonly chains: readonly string[];
  /** What would have to be there. */
  readonly wanted: Requirement;
}

export interface Resolution<Package extends PackageVersion> {
  /** Each after what it requires, the one that was asked for last. Empty with faults. */
  readonly chosen: readonly Package[];
  /** What is optional and not there. */
  readonly leftOut: readonly Requirement[];
  /** All of them, and not the first one only. */
  readonly faults: readonly RequirementFault[];
}

/** Further choices are not tried: whoever ties such a knot gets told of it, and nobody waits. */
const MOST_CHOICES = 2_000;

/**
 * What one package needs, of what there is. Within what it brings along there is one version of each, since whoever uses it knows
 * the others by their names alone; two packages may well get two versions of a third. The newest versions that go together are taken.
 */
export function resolveRequirements<Package extends PackageVersion>(
  root: Package,
  present: readonly Package[],
): Resolution<Package> {
  return createResolver(present)(root);
}

/** The same for many of them, of what is looked through once. */
export function createResolver<Package extends PackageVersion>(
  present: readonly Package[],
): (root: Package) => Resolution<Package> {
  const versions = versionsOf(present);
  return (root) => {
    const chosen = choose(root, versions);
    if (chosen === undefined) return { chosen: [], leftOut: [], faults: faultsOf(root, versions) };
    const has = new Set(chosen.map(keyOf));
    const leftOut = chosen.flatMap(({ requires }) => requires.filter((one) => !has.has(keyOf(one))));
    return { chosen, leftOut, faults: [] };
  };
}

/** By what they are, the newest first. */
type Versions<Package> = ReadonlyMap<string, readonly Package[]>;

function versionsOf<Package extends PackageVersion>(present: readonly Package[]): Versions<Package> {
  const versions = new Map<string, Package[]>();
  for (const one of present) {
    const known = versions.get(keyOf(one));
    if (known === undefined) versions.set(keyOf(one), [one]);
    else known.push(one);
  }
  for (const known of versions.values()) known.sort((a, b) => rcompare(a.version, b.version));
  return versions;
}

/** Undefined: there is no choice that goes together, or it takes too long to find. */
function choose<Package extends PackageVersion>(
  root: Package,
  versions: Versions<Package>,
): readonly Package[] | undefined {
  /** What is chosen so far; what did not lead on is taken out again. */
  const chosen = new Map([[keyOf(root), root]]);
  let left = MOST_CHOICES;

  function search(wanted: readonly Requirement[]): readonly Package[] | undefined {
    left -= 1;
    if (left < 0) return undefined;
    const [next, ...rest] = wanted;
    if (next === undefined) return inOrder(root, chosen);
    const key = keyOf(next);
    const there = chosen.get(key);
    if (there !== undefined) return satisfies(there.version, next.range) ? search(rest) : undefined;
    for (const one of versions.get(key) ?? []) {
      if (!satisfies(one.version, next.range)) continue;
      chosen.set(key, one);
      const found = search([...rest, ...one.requires]);
      if (found !== undefined) return found;
      chosen.delete(key);
    }
    return next.optional === true ? search(rest) : undefined;
  }

  return search(root.requires);
}

/** `skill/release` */
export function keyOf({ kind, id }: Pick<PackageVersion, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}

/** Each after what it requires; undefined: they go round in a circle. */
function inOrder<Package extends PackageVersion>(
  root: Package,
  chosen: ReadonlyMap<string, Package>,
): readonly Package[] | undefined {
  const order: Package[] = [];
  const state = new Map<string, 'begun' | 'done'>();
  const visit = (one: Package): boolean => {
    const key = keyOf(one);
    if (state.has(key)) return state.get(key) === 'done';
    state.set(key, 'begun');
    for (const next of one.requires) {
      const other = chosen.get(keyOf(next));
      if (other !== undefined && !visit(other)) return false;
    }
    state.set(key, 'done');
    order.push(one);
    return true;
  };
  return visit(root) ? order : undefined;
}

interface Asked<Package> {
  readonly requirement: Requirement;
  readonly chain: string;
  readonly got: Package | undefined;
}

/** Why nothing goes together, told along the newest versions, which is what people look for first. */
function faultsOf(root: PackageVersion, versions: Versions<PackageVersion>): readonly RequirementFault[] {
  const faults: RequirementFault[] = [];
  const asked = new Map<string, Asked<PackageVersion>[]>();
  const chosen = new Map<string, PackageVersion>([[keyOf(root), root]]);

  function visit(one: PackageVersion, path: readonly PackageVersion[]): void {
    for (const requirement of one.requires) {
      const key = keyOf(requirement);
      const chain = [...path.map(nameOfPackage), nameOfRequirement(requirement)].join(' → ');
      if (path.some((around) => keyOf(around) === key)) {
        faults.push({
          kind: 'cycle',
          message: `${requirement.id} requires itself`,
          chains: [chain],
          wanted: requirement,
        });
        continue;
      }
      const ofId = versions.get(key) ?? [];
      const fits = ofId.filter(({ version }) => satisfies(version, requirement.range));
      const there = chosen.get(key);
      const [newest] = fits;
      asked.set(key, [...(asked.get(key) ?? []), { requirement, chain, got: newest }]);
      if (newest === undefined) {
        if (requirement.optional !== true) faults.push(missing(requirement, chain, ofId));
        continue;
      }
      if (there !== undefined) continue;
      chosen.set(key, newest);
      visit(newest, [...path, newest]);
    }
  }

  visit(root, [root]);
  return [...faults, ...[...asked.values()].flatMap((all) => conflictOf(all, versions))];
}

function missing(wanted: Requirement, chain: string, ofId: readonly PackageVersion[]): RequirementFault {
  const { kind, id } = wanted;
  const there =
    ofId.length === 0
      ? `there is no ${kind} ${id}`
      : `of ${kind} ${id} there is ${ofId.map(({ version }) => version).join(', ')}`;
  return { kind: 'missing', message: there, chains: [chain], wanted };
}

/** Each of them could be had, and all of them together cannot. */
function conflictOf(
  asked: readonly Asked<PackageVersion>[],
  versions: Versions<PackageVersion>,
): readonly RequirementFault[] {
  const met = asked.filter(({ got }) => got !== undefined);
  const [first] = met;
  if (first === undefined) return [];
  const { requirement } = first;
  const common = (versions.get(keyOf(requirement)) ?? []).some((one) =>
    met.every((ask) => satisfies(one.version, ask.requirement.range)),
  );
  if (common) return [];
  const ranges = [...new Set(met.map((ask) => ask.requirement.range))].join(' and as ');
  return [
    {
      kind: 'conflict',
      message: `${requirement.kind} ${requirement.id} is wanted as ${ranges}, and no version here fits all of them`,
      chains: met.map(({ chain }) => chain),
      wanted: requirement,
    },
  ];
}
