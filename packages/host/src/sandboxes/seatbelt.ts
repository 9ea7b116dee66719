import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SandboxOptions } from '../ports/sandbox.ts';
import { baseEnvironment } from './base-environment.ts';
import { type BoxLimits, memoryOf, narrowLimits } from './box-limits.ts';
import { findExecutable } from './find-executable.ts';
import { createLoadReader } from './load-reader.ts';
import { createMeasure } from './measure.ts';
import { seatbeltProfile } from './seatbelt-profile.ts';
import type { Toolchains } from './toolchains.ts';
import type { WrappedCommand } from './wrapped-command.ts';

/** What was found out about this Mac, once. */
export interface Seatbelt {
  /** `sandbox-exec`, which comes with macOS. */
  readonly program: string;
  readonly toolchains: Toolchains;
  /** What git finds in the home inside. */
  readonly gitSettings: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: BoxLimits;
}

/** Where the programs lie that `/usr/bin/git` and others of its kind only stand for. */
const STOOD_FOR = '/Library/Developer/CommandLineTools/usr/bin';

/** There `/bin/sh` chooses one of them. */
const SHELLS = ['/bin/bash', '/bin/dash', '/bin/zsh'];

/**
 * How to start a command under Seatbelt. It gets the small environment and nothing of the host's; home and temporary files lie in a
 * folder that goes with it.
 */
export async function wrapInSeatbelt(
  seatbelt: Seatbelt,
  command: readonly string[],
  options: SandboxOptions,
): Promise<WrappedCommand> {
  const { confinement, proxySocket } = options;
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'cadre-worker-')));
  await writeFile(join(temporary, '.gitconfig'), seatbelt.gitSettings);
  const env: Readonly<Record<string, string>> = {
    ...baseEnvironment(seatbelt.environment, { home: temporary, temporary }),
    ...seatbelt.toolchains.env,
    ...options.env,
    ...(proxySocket === undefined ? {} : { CADRE_PROXY_SOCKET: proxySocket }),
  };
  const [first = ''] = command;
  const named = [first, ...(await interpretersOf(first)), ...confinement.programs];
  const programs = programsOf(named, env['PATH'] ?? '');
  try {
    const profile = seatbeltProfile({
      readable: [...seatbelt.toolchains.folders, ...options.installed, ...confinement.readable].map(realOf),
      writable: confinement.writable.map(realOf),
      hidden: confinement.hidden.map(realOf),
      programs,
      helpers: programs.flatMap(helpersOf),
      temporary,
      cwd: options.cwd,
      ...(proxySocket === undefined ? {} : { proxySocket: realOf(proxySocket) }),
    });
    return {
      program: seatbelt.program,
      arguments: ['-p', profile, '--', ...command],
      env,
      cwd: options.cwd,
      descriptors: [],
      // Nothing holds it to these; who looks at it sees when it is beyond, and ends it.
      most: narrowLimits(seatbelt.limits, options.most, memoryOf(options.limits)),
      load: createLoadReader(undefined),
      full: () => undefined,
      measure: createMeasure(undefined),
      release: async () => {
        await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
        return undefined;
      },
    };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** By each path that leads to one, since the system asks by the real one. What is nowhere cannot be started anyway. */
function programsOf(names: readonly string[], searchPath: string): readonly string[] {
  const found = names.flatMap((name) => {
    const path = name.startsWith('/') ? name : findExecutable(name, searchPath);
    if (path === undefined) return [];
    const stoodFor = path.startsWith('/usr/bin/') ? [path.replace('/usr/bin', STOOD_FOR)] : [];
    return [path, realOf(path), ...stoodFor, ...(path === '/bin/sh' ? SHELLS : [])];
  });
  return [...new Set(found)];
}

/** What a script names in its first line, and what `env` looks for there. */
async function interpretersOf(file: string): Promise<readonly string[]> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    const [, words = ''] = /^#!([^\n]*)/.exec(buffer.toString('utf8', 0, bytesRead)) ?? [];
    return words.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-'));
  } finally {
    await handle.close();
  }
}

/** `PREFIX/bin/git` starts what lies in `PREFIX/libexec/git-core`. */
function helpersOf(program: string): readonly string[] {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return [join(dirname(dirname(program)), 'libexec', `${name}-core`)].filter(existsSync);
}

/** On macOS `/tmp` and `/var` are links, and rules are compared with where a file really is. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
