import { availableParallelism } from 'node:os';

export interface ClassLimit {
  /** Attempts at once in one process. */
  readonly atOnce: number;
  /** Attempts at once over all processes of the workspace; absent: as many as they have places. */
  readonly everywhere?: number;
}

const CORES = Math.min(availableParallelism(), 8);

/** What is paid for or changes the world has one limit for all processes: twice the processes do not mean twice of it. */
const USUAL: Readonly<Record<string, ClassLimit>> = {
  cpu: { atOnce: CORES },
  io: { atOnce: 32 },
  llm: { atOnce: 4 },
  deploy: { atOnce: 2, everywhere: 2 },
};

/** A class that nobody has described is taken for work of the processor. */
const UNKNOWN: ClassLimit = { atOnce: CORES };

export type ClassLimits = (className: string) => ClassLimit;

export interface ClassSetting {
  readonly atOnce?: number | undefined;
  readonly everywhere?: number | undefined;
}

export function classLimits(settings: Readonly<Record<string, ClassSetting>>): ClassLimits {
  return (className) => {
    const usual = (Object.hasOwn(USUAL, className) ? USUAL[className] : undefined) ?? UNKNOWN;
    const { atOnce, everywhere } =
      (Object.hasOwn(settings, className) ? settings[className] : undefined) ?? {};
    return {
      ...usual,
      ...(atOnce === undefined ? {} : { atOnce }),
      ...(everywhere === undefined ? {} : { everywhere }),
    };
  };
}

/** Classes that there is work of in every workspace, and those of its settings. */
export function knownClasses(settings: Readonly<Record<string, ClassSetting>>): readonly string[] {
  return [...new Set([...Object.keys(USUAL), ...Object.keys(settings)])];
}
