import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { CadreError } from '@cadre/core';
import type { Sandbox, SandboxReport } from '../ports/sandbox.ts';
import { type BoxLimits, defaultLimits } from './box-limits.ts';
import { type BoxOwner, boxOwner } from './box-owner.ts';
import { type Bubblewrap, wrapInBox } from './bubblewrap.ts';
import { openControlGroup, sweepControlGroups } from './control-group.ts';
import { findExecutable } from './find-executable.ts';
import { findSeatbelt } from './find-seatbelt.ts';
import { readGitSettings } from './git-settings.ts';
import { openNetworkProxy } from './network-proxy.ts';
import { notConfigured } from './not-configured.ts';
import { wrapPlainly } from './plain-process.ts';
import { probeBox } from './probe-box.ts';
import { type Seatbelt, wrapInSeatbelt } from './seatbelt.ts';
import { seccompFilter } from './seccomp.ts';
import { startWrapped } from './start-wrapped.ts';
import { readSystemLayout } from './system-layout.ts';
import { toolchainsOf } from './toolchains.ts';

export interface SandboxSettings {
  /** The tree to work on: its owner is whom confined programs run as when Cadre runs as root. */
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<BoxLimits>;
  /** On macOS: whether Seatbelt is tried. */
  readonly seatbelt?: boolean;
  /** Default: that of this process. */
  readonly platform?: NodeJS.Platform;
}

/** What this machine turned out to offer. */
type Found = {
  readonly report: SandboxReport;
  readonly bubblewrap?: Bubblewrap;
  readonly seatbelt?: Seatbelt;
};

/** Of all sandboxes of this process: two boxes in one control group would end each other. */
let boxes = 0;
const nextName = () => `cadre-${process.pid}-${++boxes}`;

/**
 * The strongest confinement that this machine offers. Nothing is looked at before the first `probe` or `start`; what was
 * found then holds for the life of the process.
 */
export function openSandbox(settings: SandboxSettings): Sandbox {
  let found: Promise<Found> | undefined;
  const platform = settings.platform ?? process.platform;
  const find = () => {
    found ??= findOut(settings);
    return found;
  };
  return {
    probe: async (tier = 'os') => (tier === 'os' ? (await find()).report : notConfigured(tier)),
    async start(command, options) {
      const { bubblewrap, seatbelt, report } = await find();
      if (options.limits !== undefined && report.measures === undefined) throw unmeasured(platform);
      const { cwd, sourceOf } = options;
      if (bubblewrap === undefined && sourceOf !== undefined) throw unmoved(report);
      if (seatbelt !== undefined) return startWrapped(await wrapInSeatbelt(seatbelt, command, options));
      return startWrapped(
        bubblewrap === undefined
          ? await wrapPlainly(command, options, settings.environment, limitsOf(settings.limits))
          : await wrapInBox(bubblewrap, await boxOwner(sourceOf?.(cwd) ?? cwd), nextName(), command, options),
        options.limits !== undefined,
      );
    },
    openProxy: openNetworkProxy,
  };
}

async function findOut(settings: SandboxSettings): Promise<Found> {
  const platform = settings.platform ?? process.platform;
  if (platform === 'darwin' && settings.seatbelt === true) {
    return findSeatbelt({ ...settings, limits: limitsOf(settings.limits) });
  }
  const elsewhere = NO_SANDBOX[platform];
  if (elsewhere !== undefined) return { report: elsewhere };
  const looks = { measures: 'processes' as const };
  const program = findExecutable('bwrap', settings.environment['PATH'] ?? '');
  if (program === undefined) return { report: { ...NOT_INSTALLED, ...looks } };
  await sweepControlGroups();
  const owner = await boxOwner(settings.workspace);
  const bubblewrap = await describe(program, settings, owner);
  const result = await probeBox((command) =>
    wrapInBox(bubblewrap, owner, nextName(), command, {
      confinement: { readable: [], writable: [], hidden: [], programs: ['sh'], hosts: [] },
      cwd: '/tmp',
      env: {},
      installed: [],
    }),
  );
  if ('problem' in result) return { report: { ...cannotStart(result.problem), ...looks } };
  return { report: await reportOf(result.holes, bubblewrap, owner, nextName()), bubblewrap };
}

async function describe(
  program: string,
  { workspace, environment, limits }: SandboxSettings,
  owner: BoxOwner,
): Promise<Bubblewrap> {
  return {
    program,
    prlimit: findExecutable('prlimit', '/usr/bin:/bin'),
    setpriv: findExecutable('setpriv', '/usr/bin:/bin'),
    system: readSystemLayout(owner.isRoot),
    toolchains: toolchainsOf(environment['HOME'] ?? homedir(), environment, existsSync),
    filter: seccompFilter(process.arch),
    gitSettings: await readGitSettings(workspace, environment),
    environment,
    limits: limitsOf(limits),
  };
}

function limitsOf(limits: SandboxSettings['limits']): BoxLimits {
  return { ...defaultLimits(), ...limits };
}

async function reportOf(
  holes: readonly string[],
  bubblewrap: Bubblewrap,
  owner: BoxOwner,
  name: string,
): Promise<SandboxReport> {
  const gaps = [
    ...holes,
    ...(owner.isRoot ? [AS_ROOT] : []),
    ...(bubblewrap.filter === undefined ? [`there is no filter of system calls for ${process.arch}`] : []),
  ];
  const group = await openControlGroup(name, bubblewrap.limits);
  const bounded = group?.limits ?? new Set();
  const counted = await group?.measure();
  const isCounted = counted?.cpuMs !== undefined && counted.memoryBytes !== undefined;
  const hasOwnCount = bubblewrap.prlimit !== undefined && !owner.isRoot && owner.change === undefined;
  await group?.close();
  const unbounded = [
    ...(bounded.has('memory') ? [] : ['memory is not limited: this user may not make control groups']),
    ...(bounded.has('processes') || hasOwnCount ? [] : ['the number of processes is not limited']),
  ];
  return {
    level: gaps.length === 0 ? 'enforced' : 'partial',
    mechanism: 'bubblewrap',
    missing: [...gaps, ...unbounded],
    measures: isCounted ? 'control group' : 'processes',
    ...(owner.isRoot ? { hint: 'run Cadre as an ordinary user, or give the workspace to one' } : {}),
  };
}

function unmeasured(platform: NodeJS.Platform): CadreError {
  return new CadreError('no_sandbox', `processor time and memory cannot be measured on ${platform}`, {
    hint: 'take cpu and memory out of the budgets of the workflow, or run it on Linux',
  });
}

/** Only a box can show a file elsewhere than where it lies. */
function unmoved({ missing, hint }: SandboxReport): CadreError {
  return new CadreError('no_sandbox', missing.join('; '), hint === undefined ? {} : { hint });
}

const AS_ROOT =
  'Cadre runs as root and the workspace belongs to root, so workers run as root too, in namespaces and without capabilities';

const NOT_INSTALLED: SandboxReport = {
  level: 'advisory',
  mechanism: 'none',
  missing: ['bubblewrap is not installed, so workers are separate processes that can do what you can do'],
  hint: 'apt install bubblewrap (or the same from your package manager)',
};

const NO_SANDBOX: Readonly<Partial<Record<NodeJS.Platform, SandboxReport>>> = {
  darwin: {
    level: 'advisory',
    mechanism: 'none',
    missing: [
      'on macOS workers are separate processes that can do what you can do; memory and processes are not limited',
    ],
    hint: 'set sandbox.seatbelt to true to try Seatbelt (see docs/guide/sandboxing.md), or run Cadre on Linux for workers that you do not trust',
  },
  win32: {
    level: 'advisory',
    mechanism: 'none',
    missing: ['there is no sandbox on Windows: workers are separate processes that can do what you can do'],
    hint: 'use WSL2 with bubblewrap for workers that you do not trust',
  },
};

function cannotStart(problem: string): SandboxReport {
  return {
    level: 'advisory',
    mechanism: 'none',
    missing: [`bubblewrap is installed and cannot make a sandbox here: ${problem}`],
    hint: 'this container or system forbids namespaces: allow them (Docker: a seccomp profile that permits them; Ubuntu: an AppArmor profile for bwrap)',
  };
}
