import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { findExecutable } from '../find-executable.ts';
import type { ContainerSettings } from './container-settings.ts';

/** A program that starts containers, as it was found on this machine. */
export interface Engine {
  readonly kind: 'podman' | 'docker';
  readonly program: string;
  /** What stands before every one of its commands. */
  readonly globals: readonly string[];
  readonly version: string;
  /** What works in the end runs as the person whom Cadre runs as, and not as root. */
  readonly isRootless: boolean;
  /** Name of what it starts containers with, unless it is told otherwise. */
  readonly usualRuntime: string;
  /** The profile of system calls that it uses by itself, where it tells. */
  readonly profile?: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface EngineAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const COMMAND_MS = 60_000;

/** What an engine needs to find its settings and its service; nothing else of the environment is its affair. */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|LANG|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DOCKER_\w+|CONTAINER_\w+|CONTAINERS_\w+|STORAGE_\w+|PODMAN_\w+)$/;

/** Paths of those that are installed, the one to be tried first before the others; of one that was named nothing else. */
export function findEngines(
  { engine: named }: ContainerSettings,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const path = environment['PATH'] ?? '';
  const names = named === undefined ? ['podman', 'docker'] : [named];
  return names.flatMap((name) => {
    const place = isAbsolute(name) ? name : findExecutable(name, path);
    return place !== undefined && existsSync(place) ? [place] : [];
  });
}

/** Asks it what it is. */
export async function describeEngine(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Engine | { readonly problem: string }> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => NEEDED.test(entry[0]) && entry[1] !== undefined,
  );
  const bare: Omit<Engine, 'version' | 'isRootless' | 'usualRuntime'> = {
    kind: 'docker',
    program,
    globals: [],
    environment: Object.fromEntries(kept),
  };
  const asked = await runEngine(bare, ['--version']);
  const [, version] = /version v?(\d[\w.+-]*)/i.exec(asked.stdout) ?? [];
  if (asked.code !== 0 || version === undefined) return { problem: `${program} --version: ${said(asked)}` };
  // Some systems call podman docker; it takes the words of both.
  return /podman/i.test(asked.stdout) ? describePodman(bare, version) : describeDocker(bare, version);
}

/** What is used of it; whatever else an engine says is its affair. */
interface PodmanInfo {
  readonly host?: {
    readonly ociRuntime?: { readonly name?: string };
    readonly security?: { readonly rootless?: boolean; readonly seccompProfilePath?: string };
    readonly serviceIsRemote?: boolean;
  };
}

interface DockerInfo {
  readonly SecurityOptions?: readonly string[] | null;
  readonly DefaultRuntime?: string;
  readonly ServerErrors?: readonly string[] | null;
}

function parsed<T>({ stdout }: EngineAnswer): T | undefined {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    return undefined;
  }
}

type Bare = Omit<Engine, 'version' | 'isRootless' | 'usualRuntime'>;

async function describePodman(bare: Bare, version: string): Promise<Engine | { readonly problem: string }> {
  const globals = [
    // Where no systemd runs there is nobody who could make groups for it.
    ...(existsSync('/run/systemd/system') ? [] : ['--cgroup-manager', 'cgroupfs']),
    ...['--events-backend', 'none'],
  ];
  const podman: Bare = { ...bare, kind: 'podman', globals };
  const asked = await runEngine(podman, ['info', '--format', 'json']);
  if (asked.code !== 0) return { problem: said(asked) };
  const host = parsed<PodmanInfo>(asked)?.host;
  if (host === undefined) return { problem: 'what `podman info` answers cannot be understood' };
  if (host.serviceIsRemote === true)
    return { problem: 'podman works on another machine, which has other files' };
  const profile = host.security?.seccompProfilePath;
  return {
    ...podman,
    version,
    isRootless: host.security?.rootless === true,
    usualRuntime: host.ociRuntime?.name ?? 'unknown',
    ...(profile === undefined || !existsSync(profile) ? {} : { profile }),
  };
}

/** Debian's and Fedora's common profile of containers, in the format that both engines read. */
const COMMON_PROFILE = '/usr/share/containers/seccomp.json';

async function describeDocker(bare: Bare, version: string): Promise<Engine | { readonly problem: string }> {
  const asked = await runEngine(bare, ['info', '--format', '{{json .}}']);
  if (asked.code !== 0) return { problem: said(asked) };
  const info = parsed<DockerInfo>(asked);
  if (info === undefined) return { problem: 'what `docker info` answers cannot be understood' };
  const [fault] = info.ServerErrors ?? [];
  if (fault !== undefined) return { problem: fault };
  return {
    ...bare,
    version,
    isRootless: (info.SecurityOptions ?? []).some((option) => option.includes('name=rootless')),
    usualRuntime: info.DefaultRuntime ?? 'unknown',
    ...(existsSync(COMMON_PROFILE) ? { profile: COMMON_PROFILE } : {}),
  };
}

/** Runs one command of an engine to its end. Never rejects. */
export function runEngine(
  engine: Pick<Engine, 'program' | 'globals' | 'environment'>,
  command: readonly string[],
  input?: Uint8Array,
): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const child = execFile(
      engine.program,
      [...engine.globals, ...command],
      { env: engine.environment, cwd: '/', timeout: COMMAND_MS, maxBuffer: 16 * 1024 ** 2 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The last line is what went wrong; those before are warnings. */
export function said({ stderr, code }: EngineAnswer): string {
  const line = stderr.trim().split('\n').at(-1);
  return line === undefined || line === '' ? `it ended with ${code}` : line.replace(/^Error: /, '');
}

/** Whether programs get a kernel of their own from such a runtime. */
export function hasOwnKernel(runtime: string): boolean {
  return /^(runsc|gvisor|kata)/i.test(basename(runtime));
}
