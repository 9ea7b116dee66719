import { CadreError, type RequirementFault, resolveRequirements } from '@cadre/core';
import { satisfies } from 'semver';
import { type Described, wantedCadre } from './describe-package.ts';

/** What a package meets where it is to be installed. */
export interface Surroundings {
  /** All that is here, and what of that came with Cadre. */
  readonly present: readonly Described[];
  readonly builtIn: readonly string[];
  readonly cadre: string;
  readonly platform: string;
}

/** Throws `exists` and `incompatible`: the latter with everything that it lacks. */
export function checkFits(described: Described, surroundings: Surroundings): void {
  const { cadre, platform, builtIn, present } = surroundings;
  const { kind, id, version } = described;
  if (kind === 'worker' && builtIn.includes(id)) {
    throw new CadreError('exists', `${id} is a worker that comes with Cadre`, {
      hint: 'a package may not take its name: it would get what that one is trusted with',
    });
  }
  const wanted = wantedCadre(described);
  if (!satisfies(cadre, wanted, { includePrerelease: true })) {
    throw new CadreError('incompatible', `${id} ${version} wants Cadre ${wanted}, this is ${cadre}`, {
      hint: `take a version of the ${kind} that fits, or another one of Cadre`,
    });
  }
  const platforms = kind === 'worker' ? described.manifest.platforms : undefined;
  if (platforms !== undefined && !platforms.some((one) => one === platform)) {
    throw new CadreError(
      'incompatible',
      `${id} ${version} is for ${platforms.join(', ')}, this is ${platform}`,
    );
  }
  const { faults } = resolveRequirements(described, present);
  if (faults.length > 0) throw lacks(described, faults);
}

function lacks({ id, version, kind }: Described, faults: readonly RequirementFault[]): CadreError {
  const [first] = faults;
  const said = faults.map(({ message, chains }) => `${message} (${chains.join(' and ')})`).join('; ');
  const missing = faults.find((fault) => fault.kind === 'missing')?.wanted ?? first?.wanted;
  const hint =
    first?.kind === 'cycle'
      ? 'its author has to take one of them out'
      : `add a fitting version first: cadre ${missing?.kind ?? kind} add ${missing?.id ?? ''}; or name a catalogue that has it: --from`;
  return new CadreError('incompatible', `${id} ${version} cannot be used here: ${said}`, {
    hint,
    details: { faults },
  });
}
