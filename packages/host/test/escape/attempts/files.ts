import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Attempt, Family, Surroundings } from '../attempt.ts';

const MOUNTS = 'it is not there: of the machine the box shows what was granted';
const READ_ONLY = 'it is read-only in the box';

const secret = ({ outside }: Surroundings) => join(outside, 'secret.txt');

const readings: readonly (readonly [string, (around: Surroundings) => string])[] = [
  ['read the password file', () => '/etc/shadow'],
  ['read a file outside of the workspace', secret],
  ["read Cadre's own database", ({ dataDir }) => join(dataDir, '..', 'data', 'cadre.db')],
  ['read the keys of its user', () => join(homedir(), '.ssh/id_ed25519')],
  ['read through the root of the first process', (around) => `/proc/1/root${secret(around)}`],
  ['read the memory of the machine', () => '/dev/mem'],
];

/** The folder for temporary files is its own in the box, so that its Node need not guard it. */
const ALONE: readonly (readonly [string, Attempt['input'], string])[] = [
  ['read the password file', () => ({ way: 'read', path: '/etc/shadow' }), 'FileSystemRead /etc/shadow'],
  [
    'read the keys of its user',
    () => ({ way: 'read', path: '/root/.ssh/id_ed25519' }),
    'FileSystemRead /root/.ssh/id_ed25519',
  ],
  [
    'read by way of .. in bytes, which no check of texts sees',
    () => ({ way: 'readBytes', path: '/tmp/../etc/shadow' }),
    'FileSystemRead /tmp/../etc/shadow',
  ],
  ['list the root', () => ({ way: 'list', path: '/' }), 'FileSystemRead /'],
  [
    'leave something that the clock of the system would run',
    () => ({ way: 'write', path: '/etc/cron.d/cadre-was-here' }),
    'FileSystemWrite /etc/cron.d/cadre-was-here',
  ],
  [
    'give away rights of a program',
    () => ({ way: 'own', path: '/usr/bin/env' }),
    'FileSystemWrite /usr/bin/env',
  ],
];

export const files: Family = {
  title: 'files outside of what was granted',
  attempts: [
    ...readings.map(
      ([name, path]): Attempt => ({
        name,
        as: 'armed',
        input: (around) => ({ way: 'read', path: path(around) }),
        stopped: MOUNTS,
      }),
    ),
    ...ALONE.map(
      ([name, input, permission]): Attempt => ({
        name,
        as: 'alone',
        input,
        stopped: 'its own Node refuses it, and the host hears of that',
        seen: { operation: 'violation', rule: 'permissions of its own Node', target: permission },
      }),
    ),
    {
      name: 'read by way of ..',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'read', path: `${workspace}/../outside/secret.txt` }),
      stopped: MOUNTS,
    },
    {
      name: 'read through its own root',
      as: 'armed',
      input: (around) => ({ way: 'read', path: `/proc/self/root${secret(around)}` }),
      stopped: MOUNTS,
    },
    {
      name: 'read through a link that was planted before',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'read', path: join(workspace, 'planted') }),
      stopped: MOUNTS,
    },
    {
      name: 'read through a link that was planted before',
      as: 'alone',
      input: ({ workspace }) => ({ way: 'read', path: join(workspace, 'planted') }),
      stopped: MOUNTS,
    },
    {
      name: 'read through a link to a folder',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'read', path: join(workspace, 'planted-folder/secret.txt') }),
      stopped: MOUNTS,
    },
    {
      name: 'plant a link and read through it',
      as: 'armed',
      input: (around) => ({ way: 'plant', path: 'new-link', target: secret(around) }),
      afar: 'not_carried',
      stopped: MOUNTS,
    },
    {
      name: 'plant a link with .. in it',
      as: 'armed',
      input: () => ({ way: 'plant', path: 'new-relative', target: '../outside/secret.txt' }),
      afar: 'not_carried',
      stopped: MOUNTS,
    },
    {
      name: 'put a link in the place of a file between the look at it and its opening',
      as: 'armed',
      input: (around) => ({ way: 'swap', path: 'swapped', target: secret(around) }),
      afar: 'not_carried',
      stopped: MOUNTS,
    },
    {
      name: 'make a hard link to a file outside',
      as: 'armed',
      input: (around) => ({ way: 'harden', path: 'hard', target: secret(around) }),
      stopped: MOUNTS,
    },
    {
      name: 'make a hard link to a file of the system',
      as: 'armed',
      input: () => ({ way: 'harden', path: 'hard-system', target: '/usr/bin/env' }),
      stopped: 'no link leads from one mount into another',
    },
    {
      name: 'list the home folder',
      as: 'armed',
      input: () => ({ way: 'list', path: join(homedir(), '.config') }),
      stopped: MOUNTS,
    },
    {
      name: 'write outside of the workspace',
      as: 'armed',
      input: ({ outside }) => ({ way: 'write', path: join(outside, 'written.txt') }),
      stopped: MOUNTS,
    },
    {
      name: 'write through a link that was planted before',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'append', path: join(workspace, 'planted') }),
      // The link is not there, and a file in its place is none that could be brought back.
      afar: 'conflict',
      stopped: MOUNTS,
    },
    {
      name: 'write to the system',
      as: 'armed',
      input: () => ({ way: 'write', path: '/usr/bin/cadre-was-here' }),
      stopped: READ_ONLY,
    },
    {
      name: 'write to the accounts',
      as: 'armed',
      input: () => ({ way: 'append', path: '/etc/passwd' }),
      stopped: READ_ONLY,
    },
    {
      name: 'change its own package',
      as: 'armed',
      input: ({ workers }) => ({ way: 'append', path: join(workers, 'escaper/main.js') }),
      stopped: READ_ONLY,
    },
    {
      name: 'leave a hook of git, which would run outside later',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'write', path: join(workspace, '.git/hooks/pre-commit') }),
      stopped: READ_ONLY,
    },
    {
      name: 'change the configuration of git, which can name programs',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'append', path: join(workspace, '.git/config') }),
      stopped: READ_ONLY,
    },
    {
      name: 'put a worker of its own into the workspace',
      as: 'armed',
      input: ({ workspace }) => ({ way: 'make', path: join(workspace, '.cadre/workers') }),
      stopped: READ_ONLY,
    },
    {
      name: 'put another folder in the place of the hooks',
      as: 'armed',
      input: ({ workspace }) => ({
        way: 'rename',
        from: join(workspace, '.git/hooks'),
        to: join(workspace, 'hooks-away'),
      }),
      stopped: 'a mount cannot be moved',
    },
    {
      name: 'put another folder in the place of the one around the hooks',
      as: 'armed',
      input: ({ workspace }) => ({
        way: 'rename',
        from: join(workspace, '.git'),
        to: join(workspace, 'git-away'),
      }),
      stopped: 'a folder around something guarded is a mount too',
    },
    {
      name: 'remove the folder around the hooks, to make another one',
      as: 'armed',
      input: ({ workspace }) => ({
        way: 'shell',
        script: `cd '${workspace}'; rm -rf .git 2>/dev/null; test -e .git || echo removed`,
      }),
      stopped: 'a folder around something guarded is a mount too',
    },
    {
      name: 'make a device file and read the disk by it',
      as: 'armed',
      input: () => ({ way: 'shell', script: 'mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk' }),
      stopped: 'no capabilities are left, and no mount of the box takes devices',
    },
  ],
};
