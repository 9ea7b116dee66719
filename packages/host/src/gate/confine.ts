import { chown, lstat, mkdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { covers, deniedWithin, type Permission, type PlacedPolicy, placePermission } from '@cadre/core';
import { isInside, realTarget } from '@cadre/kit/files';
import type { Confinement } from '../ports/action-runner.ts';
import { chainOf } from './calls/chain.ts';
import { gitFolders } from './git-folders.ts';
import type { Subject } from './subject.ts';

/** What of the machine a call may use, and in which tree. */
export interface ConfineRequest {
  readonly subject: Subject;
  /** Granted `fs:` permissions, as they are written. */
  readonly files: readonly Permission[];
  readonly policy: PlacedPolicy;
  /** Never to be seen: Cadre's own data, keys. */
  readonly hidden: readonly string[];
  /** Where files are that it is given; read-only. */
  readonly given?: string;
  /** In a plan nothing but the scratch tree (if there is one) and the worker's own folder can be written. */
  readonly plan?: { readonly scratch?: string };
  /** Nothing is going to be started: nothing is made for it either. */
  readonly isOnlyAsked?: true;
}

/** A path that may not be used as it was granted, in words. */
export interface Misplaced {
  readonly permission: Permission;
  readonly reason: string;
}

/** Written by a confined program, these would run outside of it later, or widen what it may do. */
const OWN_FOLDER = '.cadre';
const GUARDED = [OWN_FOLDER, '.git/hooks', '.git/config'];

/** The mounts that follow from what was granted; links are resolved here and now. */
export async function confine(request: ConfineRequest): Promise<Confinement | Misplaced> {
  const { subject, plan } = request;
  const { workspace } = subject.places;
  const real: { readonly permission: Permission; readonly path: string }[] = [];
  for (const permission of request.files) {
    const path = await realPlace(permission, subject);
    if (typeof path !== 'string') return path;
    real.push({ permission, path });
  }
  const canWrite = (permission: Permission) => permission.type === 'fs:write' && plan === undefined;
  const whole = real.find(({ permission, path }) => canWrite(permission) && path === workspace);
  if (whole !== undefined && (await isLink(join(workspace, OWN_FOLDER)))) {
    const reason = `${OWN_FOLDER} of the workspace is a link, which a worker could put something else in the place of`;
    return { permission: whole.permission, reason };
  }
  const granted = await withGitFolders(real, workspace);
  const denied = request.files.flatMap((permission) =>
    deniedWithin(request.policy, placePermission(permission, subject.places)),
  );
  const scratch = plan?.scratch;
  const inScratch = scratch === undefined ? [] : mapInto(scratch, real, workspace);
  const writable = [
    subject.places.data,
    ...granted.filter(({ permission }) => canWrite(permission)).map(({ path }) => path),
    ...inScratch.filter(({ permission }) => permission.type === 'fs:write').map(({ path }) => path),
  ];
  const hidden = [
    ...denied.filter(({ type }) => type === 'fs:read').map(({ scope }) => scope),
    ...request.hidden.filter((path) => granted.some((one) => one.path !== path && isInside(one.path, path))),
  ];
  return {
    readable: unique([
      ...granted.filter(({ permission }) => !canWrite(permission)).map(({ path }) => path),
      ...inScratch.filter(({ permission }) => permission.type === 'fs:read').map(({ path }) => path),
      ...denied
        .filter(({ type }) => type === 'fs:write')
        .flatMap(({ scope }) => withTwin(scope, scratch, workspace)),
      ...(await guardedPaths(subject, writable, request.isOnlyAsked === true)),
      ...(request.given === undefined ? [] : [request.given]),
    ]),
    writable: unique(writable),
    hidden: unique(hidden.flatMap((path) => withTwin(path, scratch, workspace))),
    programs: scopes(subject, 'shell'),
    hosts: plan === undefined ? scopes(subject, 'net') : [],
  };
}

async function realPlace(permission: Permission, { places }: Subject): Promise<string | Misplaced> {
  const placed = placePermission(permission, places).scope;
  const path = await realTarget(placed);
  if (path === '/') {
    return {
      permission,
      reason: 'the whole file system cannot be given to a confined worker; name the folders',
    };
  }
  if (isInside(places.workspace, placed) && !isInside(places.workspace, path)) {
    return { permission, reason: `${placed} is a link that leads out of the workspace, to ${path}` };
  }
  return path;
}

/** A linked worktree cannot be used without the folders of git outside of it; they go with the workspace. */
async function withGitFolders<T extends { readonly path: string }>(
  granted: readonly T[],
  workspace: string,
): Promise<readonly T[]> {
  const whole = granted.filter(({ path }) => path === workspace);
  const git = whole.length === 0 ? undefined : await gitFolders(workspace);
  const folders = git === undefined ? [] : [git.joint, git.own].filter((path) => !isInside(workspace, path));
  return [...granted, ...whole.flatMap((one) => folders.map((path) => ({ ...one, path })))];
}

/** A worker in the box that names one of them in its manifest (`fs:write:.git`) is trusted with it. */
async function guardedPaths(
  subject: Subject,
  writable: readonly string[],
  isOnlyAsked: boolean,
): Promise<readonly string[]> {
  const { workspace } = subject.places;
  if (!writable.some((folder) => folder !== subject.places.data)) return [];
  const git = await gitFolders(workspace);
  const paths = [
    ...GUARDED.map((name) => join(workspace, name)),
    ...(git === undefined ? [] : [join(git.joint, 'hooks'), join(git.joint, 'config')]),
    // Where git looks for all that: in a linked worktree files say it.
    ...(git === undefined
      ? []
      : ['commondir', 'gitdir', 'config.worktree'].map((name) => join(git.own, name))),
    ...((await isFile(join(workspace, '.git'))) ? [join(workspace, '.git')] : []),
  ];
  // Of those who call one another, each has to be.
  const trusts = (path: string) =>
    chainOf(subject).every(
      ({ worker, declared, places }) =>
        worker.builtIn &&
        declared
          .map((one) => placePermission(one, places))
          .some((one) => one.scope !== workspace && covers(one, { type: 'fs:write', scope: path })),
    );
  if (writable.includes(workspace) && !isOnlyAsked) {
    // Where there is no such folder yet one could be made, and filled.
    const folders = [join(workspace, OWN_FOLDER), ...(git === undefined ? [] : [join(git.joint, 'hooks')])];
    for (const folder of folders) await makeFor(workspace, folder).catch(() => {});
  }
  const present: string[] = [];
  for (const path of paths) {
    const isOpen = writable.some((folder) => isInside(folder, path));
    const isTrusted = isOpen && trusts(path);
    if (!isOpen || isTrusted) continue;
    const found = await lstat(path).catch(() => undefined);
    // A link is as good as absent: mounting over it would mount over what it leads to. What Cadre makes of its own folder is not asked for.
    if (found?.isSymbolicLink() === false || path === join(workspace, OWN_FOLDER)) present.push(path);
  }
  return present;
}

/** It belongs to whoever the workspace belongs to, also where Cadre runs as root. */
async function makeFor(workspace: string, folder: string): Promise<void> {
  const isNew = (await mkdir(folder, { recursive: true })) !== undefined;
  if (!isNew || process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(workspace);
  await chown(folder, uid, gid);
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() === true;
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
}

/** The same places in the scratch tree. */
function mapInto<T extends { readonly path: string }>(
  scratch: string,
  granted: readonly T[],
  workspace: string,
): readonly T[] {
  return granted
    .filter(({ path }) => isInside(workspace, path))
    .map((one) => ({ ...one, path: join(scratch, relative(workspace, one.path)) }));
}

function withTwin(path: string, scratch: string | undefined, workspace: string): readonly string[] {
  return scratch === undefined || !isInside(workspace, path)
    ? [path]
    : [path, join(scratch, relative(workspace, path))];
}

function scopes({ effective }: Subject, type: Permission['type']): readonly string[] {
  return effective.filter((permission) => permission.type === type).map(({ scope }) => scope);
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].sort();
}
