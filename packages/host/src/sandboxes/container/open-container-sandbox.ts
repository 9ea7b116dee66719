import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { CadreError } from '@cadre/core';
import type { Sandbox, SandboxReport } from '../../ports/sandbox.ts';
import { defaultLimits } from '../box-limits.ts';
import { type BoxOwner, boxOwner } from '../box-owner.ts';
import { findExecutable } from '../find-executable.ts';
import { readGitSettings } from '../git-settings.ts';
import { openNetworkProxy } from '../network-proxy.ts';
import { notConfigured } from '../not-configured.ts';
import type { SandboxSettings } from '../open-sandbox.ts';
import { startWrapped } from '../start-wrapped.ts';
import { readSystemLayout, type SystemLayout } from '../system-layout.ts';
import { toolchainsOf } from '../toolchains.ts';
import { openContainerPlace, sweepContainers } from './container-place.ts';
import type { ContainerSettings } from './container-settings.ts';
import { emptyImage } from './empty-image.ts';
import { describeEngine, type Engine, findEngines, hasOwnKernel, runEngine } from './engine.ts';
import { CANARY, type ProbedContainer, probeContainer } from './probe-container.ts';
import { type Profile, seccompProfile } from './seccomp-profile.ts';
import { type Containers, inPages, wrapInContainer } from './wrap-in-container.ts';

export interface ContainerSandboxSettings extends SandboxSettings {
  readonly container?: ContainerSettings;
}

type Found = { readonly report: SandboxReport; readonly containers?: Containers };

/**
 * Tier 3: programs in containers of podman or docker, with the view of this machine that a box has. Nothing is looked at before the first
 * `probe` or `start`; what was found then holds for the life of the process.
 */
export function openContainerSandbox(settings: ContainerSandboxSettings): Sandbox {
  let found: Promise<Found> | undefined;
  const find = () => {
    found ??= findOut(settings);
    return found;
  };
  return {
    probe: async () => (await find()).report,
    async start(command, options) {
      const { containers, report } = await find();
      if (containers === undefined) {
        throw new CadreError(
          'no_sandbox',
          report.missing.join('; '),
          report.hint === undefined ? {} : { hint: report.hint },
        );
      }
      if (options.limits !== undefined && report.measures === undefined) throw unmeasured();
      const owner = await boxOwner(options.cwd);
      return startWrapped(
        await wrapInContainer(containers, owner, containers.place.newName(), command, options),
        options.limits !== undefined,
      );
    },
    openProxy: openNetworkProxy,
  };
}

async function findOut(settings: ContainerSandboxSettings): Promise<Found> {
  const { container = {}, environment, platform = process.platform } = settings;
  if (platform !== 'linux') return { report: NOT_LINUX };
  const engines = findEngines(container, environment);
  let first: Found | undefined;
  for (const program of engines) {
    const found = await findIn(program, settings);
    if (found.containers !== undefined) return found;
    first ??= found;
  }
  return first ?? { report: notInstalled(container) };
}

async function findIn(program: string, settings: ContainerSandboxSettings): Promise<Found> {
  try {
    return await tryEngine(program, settings);
  } catch (error) {
    // Such as a full disk: the next engine would meet the same, and whoever asks is to hear of it.
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return { report: cannotStart(basename(program), error.message) };
  }
}

async function tryEngine(program: string, settings: ContainerSandboxSettings): Promise<Found> {
  const { container = {}, environment } = settings;
  const engine = await describeEngine(program, environment);
  if ('problem' in engine) return { report: cannotStart(basename(program), engine.problem) };
  const owner = await boxOwner(settings.workspace);
  const [described] = await Promise.all([describe(engine, settings, owner), sweepContainers(engine)]);
  if ('problem' in described) return { report: cannotStart(engine.kind, described.problem) };
  let problem = '';
  for (const way of ways(engine, container)) {
    const containers = { ...described, ...way };
    const result = await tryOut(containers, owner);
    if (!('problem' in result)) {
      const { limited, measures } = result;
      const unlimited = new Set((['memory', 'processes'] as const).filter((what) => !limited.has(what)));
      const known = { ...containers, unlimited, ...(measures === undefined ? {} : { measures }) };
      return { report: reportOf(result, containers, owner), containers: known };
    }
    problem ||= result.problem;
  }
  return { report: cannotStart(engine.kind, problem) };
}

function tryOut(containers: Containers, owner: BoxOwner) {
  const { engine, limits } = containers;
  const watched = { ...engine, environment: { ...engine.environment, [CANARY]: 'here' } };
  return probeContainer((command) =>
    wrapInContainer({ ...containers, engine: watched }, owner, containers.place.newName(), command, {
      confinement: { readable: [], writable: [], hidden: [], programs: ['sh'], hosts: [] },
      cwd: '/tmp',
      env: { MEMORY: String(inPages(limits).memoryBytes), PROCESSES: String(limits.processes) },
      installed: [],
    }),
  );
}

/**
 * One after the other, until one works. crun refuses machines with both versions of control groups, where runc goes on; a person
 * without a range of numbers of their own in /etc/subuid cannot be mapped.
 */
function ways(
  { kind, isRootless, usualRuntime }: Engine,
  { runtime }: ContainerSettings,
): readonly Pick<Containers, 'runtime' | 'isMapped'>[] {
  const other =
    usualRuntime === 'runc' ? undefined : findExecutable('runc', '/usr/bin:/usr/sbin:/usr/local/sbin');
  const runtimes = runtime !== undefined ? [runtime] : [undefined, ...(other === undefined ? [] : [other])];
  const mappings = kind === 'podman' && isRootless ? [true, false] : [false];
  return mappings.flatMap((isMapped) =>
    runtimes.map((one) => ({ isMapped, ...(one === undefined ? {} : { runtime: one }) })),
  );
}

async function describe(
  engine: Engine,
  { workspace, environment, limits, container = {} }: ContainerSandboxSettings,
  owner: BoxOwner,
): Promise<Omit<Containers, 'isMapped'> | { readonly problem: string }> {
  const isForeign = container.image !== undefined;
  const layout = readSystemLayout(owner.isRoot);
  const image = isForeign ? await foreignImage(engine, container.image) : await emptyImage(engine, layout);
  if ('problem' in image) return image;
  const place = await openContainerPlace();
  const base =
    engine.profile === undefined
      ? undefined
      : (JSON.parse(await readFile(engine.profile, 'utf8')) as Profile);
  const profile = seccompProfile(process.arch, base);
  const home = environment['HOME'] ?? homedir();
  return {
    engine,
    ...image,
    isForeign,
    place,
    system: isForeign ? withoutSystem(layout) : layout,
    toolchains: isForeign ? { folders: [], env: {} } : toolchainsOf(home, environment, existsSync),
    gitSettings: await readGitSettings(workspace, environment),
    environment,
    limits: { ...defaultLimits(), ...limits },
    ...(profile === undefined ? {} : { profileFile: await place.keep(JSON.stringify(profile)) }),
  };
}

/** It is never fetched: whoever wants its programs has brought it here. */
async function foreignImage(
  engine: Engine,
  image = '',
): Promise<{ readonly image: string } | { readonly problem: string }> {
  const { code } = await runEngine(engine, ['image', 'inspect', image]);
  return code === 0 ? { image } : { problem: `there is no image ${image} here, and Cadre fetches none` };
}

function withoutSystem(layout: SystemLayout): SystemLayout {
  return { ...layout, folders: [], links: [], files: [] };
}

function reportOf(
  { holes, limited, measures }: ProbedContainer,
  containers: Containers,
  owner: BoxOwner,
): SandboxReport {
  const { engine, profileFile } = containers;
  const gaps = [
    ...holes,
    ...(owner.isRoot && !engine.isRootless ? [AS_ROOT] : []),
    ...(profileFile === undefined
      ? [`there is no filter of system calls of our own for ${process.arch}`]
      : []),
  ];
  const unbounded = [
    ...(limited.has('memory')
      ? []
      : [`memory is not limited: ${engine.kind} cannot make control groups for it here`]),
    // Rootless they are counted in its namespace as well, by the system's own limit.
    ...(limited.has('processes') || engine.isRootless
      ? []
      : [`the number of processes is not limited by ${engine.kind}`]),
  ];
  return {
    level: gaps.length === 0 ? 'enforced' : 'partial',
    mechanism: engine.kind,
    missing: [...gaps, ...unbounded],
    notes: notesOf(containers),
    ...(measures === undefined ? {} : { measures }),
    ...(owner.isRoot ? { hint: 'run Cadre as an ordinary user, or give the workspace to one' } : {}),
  };
}

function notesOf({ engine, runtime, isForeign, image }: Containers): readonly string[] {
  const used = runtime ?? engine.usualRuntime;
  return [
    `${engine.kind} ${engine.version} (${engine.program}) with ${used}, ${engine.isRootless ? 'rootless' : 'as root'}`,
    ...(isForeign ? [`programs of the image ${image}`] : []),
    ...(hasOwnKernel(used) ? [] : ['not stopped: a fault of the kernel, which containers share']),
    ...(engine.isRootless ? [] : ['not stopped: a fault of the engine, which works as root']),
  ];
}

const AS_ROOT =
  'Cadre runs as root and the workspace belongs to root, so workers run as root too, in namespaces and without capabilities';

const NOT_LINUX: SandboxReport = {
  level: 'advisory',
  mechanism: 'none',
  missing: ['containers show the programs of this machine, which is possible on Linux alone'],
  hint: 'run Cadre on Linux, or in a virtual machine with Linux',
};

function notInstalled({ engine }: ContainerSettings): SandboxReport {
  const { missing, hint, ...report } = notConfigured('container');
  if (engine === undefined)
    return { ...report, missing: ['neither podman nor docker is installed'], ...(hint && { hint }) };
  return {
    ...report,
    mechanism: engine,
    missing: [`${engine} is not there`],
    hint: 'see the setting sandbox.container.engine',
  };
}

function cannotStart(engine: string, problem: string): SandboxReport {
  return {
    level: 'advisory',
    mechanism: engine,
    missing: [`${engine} is installed and starts no container here: ${problem}`],
    hint: `see tier 3 in docs/guide/sandboxing.md, and whether \`${engine} run\` works for this user`,
  };
}

function unmeasured(): CadreError {
  return new CadreError('no_sandbox', 'processor time and memory of containers cannot be measured here', {
    hint: 'take cpu and memory out of the budgets of the workflow, or run the engine on this machine itself',
  });
}
