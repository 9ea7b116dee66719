import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxOptions } from '../ports/sandbox.ts';
import { baseEnvironment } from './base-environment.ts';
import { type BoxLimits, memoryOf, narrowLimits } from './box-limits.ts';
import { endMarked } from './end-marked.ts';
import { readGitSettings } from './git-settings.ts';
import { createLoadReader } from './load-reader.ts';
import { createMeasure } from './measure.ts';
import { toolchainsOf } from './toolchains.ts';
import type { WrappedCommand } from './wrapped-command.ts';

/**
 * Where the system offers nothing: a process with the small environment and a home of its own. It sees what its user
 * sees. What leaves its group is ended too where it can be found by its environment (Linux); elsewhere it survives.
 */
export async function wrapPlainly(
  command: readonly string[],
  options: SandboxOptions,
  environment: Readonly<Record<string, string | undefined>>,
  limits: BoxLimits,
): Promise<WrappedCommand> {
  const [program = '', ...rest] = command;
  const temporary = await mkdtemp(join(tmpdir(), 'cadre-worker-'));
  await writeFile(join(temporary, '.gitconfig'), await readGitSettings(options.cwd, environment));
  return {
    program,
    arguments: rest,
    env: {
      ...baseEnvironment(environment, { home: temporary, temporary }),
      ...toolchainsOf(environment['HOME'] ?? homedir(), environment, existsSync).env,
      ...options.env,
      ...(options.proxySocket === undefined ? {} : { CADRE_PROXY_SOCKET: options.proxySocket }),
    },
    cwd: options.cwd,
    descriptors: [],
    // Nothing holds it to these; who looks at it sees when it is beyond, and ends it.
    most: narrowLimits(limits, options.most, memoryOf(options.limits)),
    load: createLoadReader(undefined),
    full: () => undefined,
    endStrays: () => endMarked(`TMPDIR=${temporary}`),
    measure: createMeasure(undefined),
    release: async () => {
      await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
      return undefined;
    },
  };
}
