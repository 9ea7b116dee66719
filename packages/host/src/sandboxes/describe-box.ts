import { existsSync, statSync } from 'node:fs';
import { CadreError } from '@cadre/core';
import type { SandboxOptions } from '../ports/sandbox.ts';
import { baseEnvironment } from './base-environment.ts';
import type { BoxLimits } from './box-limits.ts';
import type { BoxOwner } from './box-owner.ts';
import type { Box } from './bubblewrap-arguments.ts';
import { HOME_INSIDE, PROXY_INSIDE } from './inside.ts';
import { namePerson } from './name-person.ts';
import { firstMissing, pinnedFolders } from './pinned-folders.ts';
import type { SystemLayout } from './system-layout.ts';
import type { Toolchains } from './toolchains.ts';

/** What of this machine every box shows, whoever makes it. */
export interface BoxGround {
  readonly system: SystemLayout;
  readonly toolchains: Toolchains;
  /** What git finds in the home inside. */
  readonly gitSettings: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: BoxLimits;
}

/** What is to be seen in a box, and the environment in it: the same whichever mechanism makes it. */
export type BoxView = Pick<
  Box,
  | 'files'
  | 'env'
  | 'installed'
  | 'readable'
  | 'barred'
  | 'writable'
  | 'pinned'
  | 'hiddenFiles'
  | 'hiddenFolders'
>;

export function describeBox(ground: BoxGround, { change }: BoxOwner, options: SandboxOptions): BoxView {
  const { confinement, proxySocket, sourceOf = (path: string) => path } = options;
  const isThere = (path: string) => existsSync(sourceOf(path));
  const hidden = confinement.hidden.filter(isThere);
  const isFolder = (path: string) => statSync(sourceOf(path)).isDirectory();
  const isShown = (path: string) => ground.system.folders.some((folder) => path.startsWith(`${folder}/`));
  const { writable } = confinement;
  const isBarred = (path: string) =>
    !isThere(path) && writable.some((folder) => path.startsWith(`${folder}/`));
  const barred = confinement.readable.filter(isBarred);
  const view = {
    files: [
      ...namePerson(ground.system.files, change ?? ourselves(), HOME_INSIDE),
      [`${HOME_INSIDE}/.gitconfig`, Buffer.from(options.gitSettings ?? ground.gitSettings)] as const,
    ],
    env: {
      ...baseEnvironment(ground.environment, { home: HOME_INSIDE, temporary: '/tmp' }),
      ...ground.toolchains.env,
      ...options.env,
      ...(proxySocket === undefined ? {} : { CADRE_PROXY_SOCKET: PROXY_INSIDE }),
    },
    installed: [...ground.toolchains.folders, ...options.installed].filter((path) => !isShown(path)),
    readable: confinement.readable.filter((path) => !isBarred(path)),
    // With the folders on the way that are missing too: one that could be moved would leave its place free.
    barred: [...new Set(barred.map((path) => firstMissing(path, writable, isThere) ?? path))],
    writable,
    pinned: pinnedFolders({ writable, guarded: [...confinement.readable, ...hidden, ...barred], sourceOf }),
    hiddenFiles: hidden.filter((path) => !isFolder(path)),
    hiddenFolders: hidden.filter(isFolder),
  };
  refuseNul([
    options.cwd,
    ...view.installed,
    ...view.readable,
    ...view.writable,
    ...Object.entries(view.env).flat(),
  ]);
  return view;
}

function ourselves() {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** Arguments are told apart by NUL characters, so one inside a value would add arguments of its own. */
function refuseNul(texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\0'))) {
    throw new CadreError('no_sandbox', 'a path or a value of the environment holds a NUL character');
  }
}
