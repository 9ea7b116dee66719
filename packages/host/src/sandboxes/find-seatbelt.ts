import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { SandboxReport } from '../ports/sandbox.ts';
import type { BoxLimits } from './box-limits.ts';
import { readGitSettings } from './git-settings.ts';
import { probeSeatbelt } from './probe-seatbelt.ts';
import { type Seatbelt, wrapInSeatbelt } from './seatbelt.ts';
import { toolchainsOf } from './toolchains.ts';

/** Apple calls it deprecated, ships it with every macOS, and confines its own programs by it. */
export const SANDBOX_EXEC = '/usr/bin/sandbox-exec';

export interface SeatbeltSettings {
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: BoxLimits;
  /** Default: that of macOS. */
  readonly program?: string;
}

/** Whether Seatbelt confines here, found out by trying it. */
export async function findSeatbelt(
  settings: SeatbeltSettings,
): Promise<{ readonly report: SandboxReport; readonly seatbelt?: Seatbelt }> {
  const { workspace, environment, limits, program = SANDBOX_EXEC } = settings;
  if (!existsSync(program)) return { report: unusable(`there is no ${program}`) };
  const seatbelt: Seatbelt = {
    program,
    toolchains: toolchainsOf(environment['HOME'] ?? homedir(), environment, existsSync),
    gitSettings: await readGitSettings(workspace, environment),
    environment,
    limits,
  };
  const problem = await probeSeatbelt(
    (command, options) => wrapInSeatbelt(seatbelt, command, options),
    process.execPath,
  );
  return problem === undefined ? { report: CONFINED, seatbelt } : { report: unusable(problem) };
}

const CONFINED: SandboxReport = {
  level: 'partial',
  mechanism: 'seatbelt',
  missing: [
    'memory is not limited on macOS',
    'the number of processes is not limited on macOS',
    'what a worker starts and sends into the background may outlive it on macOS',
    'files of the system and of Homebrew can be seen on macOS',
  ],
  hint: 'run Cadre on Linux or in a virtual machine with Linux for workers that you do not trust',
};

function unusable(problem: string): SandboxReport {
  return {
    level: 'advisory',
    mechanism: 'none',
    missing: [
      `on macOS workers are separate processes that can do what you can do, since Seatbelt does not confine them here (${problem}); memory and processes are not limited`,
    ],
    hint: 'run Cadre on Linux or in a virtual machine with Linux for workers that you do not trust',
  };
}
