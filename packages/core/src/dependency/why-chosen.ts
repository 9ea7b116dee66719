import type { PackageKind, PackageVersion } from './requirement.ts';
import { nameOfPackage, nameOfRequirement } from './requirement.ts';
import { createResolver, keyOf, type RequirementFault } from './resolve-requirements.ts';

export interface Asking {
  /** From a package that nobody requires, or that was asked for by itself, to the one in question. */
  readonly chain: string;
  /** The version that it gets; undefined: none fits. */
  readonly version: string | undefined;
}

export interface WhyChosen {
  /** The versions that are there. */
  readonly versions: readonly string[];
  readonly asking: readonly Asking[];
  /** Of those that ask and cannot have it, or that it asks for itself. */
  readonly faults: readonly RequirementFault[];
}

/** Who asks for a package, along which chain, and which version each of them gets. */
export function whyChosen(
  wanted: { readonly kind: PackageKind; readonly id: string },
  present: readonly PackageVersion[],
): WhyChosen {
  const key = keyOf(wanted);
  const asking: Asking[] = [];
  const faults: RequirementFault[] = [];
  const resolve = createResolver(present);
  for (const root of present) {
    const { chosen, faults: found } = resolve(root);
    if (found.length > 0) {
      const concerned = found.filter((one) => keyOf(one.wanted) === key || keyOf(root) === key);
      faults.push(...concerned);
      asking.push(
        ...found
          .filter((one) => keyOf(one.wanted) === key)
          .flatMap(({ chains }) => chains.map((chain) => ({ chain, version: undefined }))),
      );
      continue;
    }
    if (keyOf(root) === key) continue;
    const version = chosen.find((one) => keyOf(one) === key)?.version;
    for (const chain of chainsTo(key, root, chosen)) asking.push({ chain, version });
  }
  const versions = present.filter((one) => keyOf(one) === key).map((one) => one.version);
  return { versions, asking: distinct(asking), faults };
}

/** Only those that begin with the root, each direct asking once. */
function chainsTo(key: string, root: PackageVersion, chosen: readonly PackageVersion[]): readonly string[] {
  const chains: string[] = [];
  const seen = new Set<string>();
  const visit = (one: PackageVersion, path: readonly string[]) => {
    if (seen.has(keyOf(one))) return;
    seen.add(keyOf(one));
    const named = [...path, nameOfPackage(one)];
    for (const requirement of one.requires) {
      if (keyOf(requirement) === key) {
        chains.push([...named, nameOfRequirement(requirement)].join(' → '));
        continue;
      }
      const next = chosen.find((other) => keyOf(other) === keyOf(requirement));
      if (next !== undefined) visit(next, named);
    }
  };
  visit(root, []);
  return chains;
}

function distinct(asking: readonly Asking[]): readonly Asking[] {
  return asking.filter(({ chain }, index) => asking.findIndex((other) => other.chain === chain) === index);
}
