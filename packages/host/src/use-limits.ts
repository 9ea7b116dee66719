import { parseBytes, parseDuration } from '@cadre/kit/format';
import type { Config } from './config.ts';
import type { UseLimits } from './ports/sandbox.ts';

/** What the settings say that any call of a worker may use at most. */
export function useLimits({ policy: { limits } }: Config): Partial<UseLimits> {
  const { cpu, memory, processes, openFiles, disk, output } = limits;
  return {
    ...(cpu === undefined ? {} : { cpuMs: parseDuration(cpu) }),
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(memory) }),
    ...(processes === undefined ? {} : { processes }),
    ...(openFiles === undefined ? {} : { openFiles }),
    ...(disk === undefined ? {} : { diskBytes: parseBytes(disk) }),
    ...(output === undefined ? {} : { outputBytes: parseBytes(output) }),
  };
}
