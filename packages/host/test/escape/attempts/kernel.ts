import { arch } from 'node:process';
import type { Attempt, Family } from '../attempt.ts';

const FILTER = 'the filter of system calls refuses it';

/** Number on x64, on arm64, and arguments. */
const CALLS: readonly (readonly [string, number, number, readonly string[]])[] = [
  ['trace a process', 101, 117, ['0', '0', '0', '0']],
  ['read the memory of a process by a call', 310, 270, ['1', '0', '0', '0', '0', '0']],
  ['make a namespace of users, in which it would be root', 272, 97, ['268435456']],
  ['go into a namespace', 308, 268, ['0', '0']],
  ['mount', 165, 40, ['0', '0', '0', '0', '0']],
  ['change the root folder', 161, 51, ['0']],
  ['load a program into the kernel', 321, 280, ['5', '0', '0']],
  ['watch the processor', 298, 241, ['0', '0', '-1', '-1', '0']],
  ['handle page faults itself', 323, 282, ['0']],
  ['use the keys that the kernel keeps', 250, 219, ['0', '-3', '0']],
  ['queue calls where no filter sees them', 425, 425, ['1', '0']],
  ['start another kernel', 246, 104, ['0', '0', '0', '0']],
  ['load a module', 175, 105, ['0', '0', '0']],
  ['open a file by its handle, past all mounts', 304, 265, ['0', '0', '0']],
  ['set the clock', 227, 112, ['0', '0']],
  ['rename the machine', 170, 161, ['0', '0']],
  ['read what the kernel logs', 103, 116, ['3', '0', '0']],
];

export const kernel: Family = {
  title: 'the kernel, and code that is not JavaScript',
  attempts: [
    ...CALLS.map(
      ([name, x64, arm64, values]): Attempt => ({
        name,
        as: 'armed',
        input: () => ({
          way: 'syscall',
          number: String(arch === 'arm64' ? arm64 : x64),
          values: [...values],
        }),
        stopped: FILTER,
      }),
    ),
    {
      name: 'change a setting of the kernel',
      as: 'armed',
      input: () => ({ way: 'shell', script: 'test -w /proc/sys/kernel/core_pattern && echo writable' }),
      stopped: 'it is read-only in the box',
    },
    {
      name: 'press the key that restarts the machine',
      as: 'armed',
      input: () => ({ way: 'shell', script: 'test -w /proc/sysrq-trigger && echo writable' }),
      stopped: 'it is read-only in the box',
    },
    {
      name: 'become root by a program that may',
      as: 'armed',
      input: () => ({ way: 'shell', script: 'grep -q "NoNewPrivs:.1" /proc/self/status || echo could' }),
      stopped: 'no program gives more rights than it had',
    },
    {
      name: 'keep a capability',
      as: 'armed',
      input: () => ({
        way: 'shell',
        script: 'grep -E "^Cap(Prm|Eff|Bnd|Amb):.*[1-9a-f]" /proc/self/status',
      }),
      stopped: 'all capabilities are dropped',
    },
    {
      name: 'load a native addon',
      as: 'alone',
      input: () => ({ way: 'addon', path: '/usr/lib/x86_64-linux-gnu/libc.so.6' }),
      stopped: 'its own Node loads none',
    },
    {
      name: 'start a thread, which its permissions would not hold',
      as: 'alone',
      input: () => ({ way: 'thread' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'WorkerThreads' },
    },
    {
      name: 'open a debugger',
      as: 'alone',
      input: () => ({ way: 'inspector' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'Inspector StartIoThread' },
    },
    {
      name: 'open a system interface for WebAssembly on the root',
      as: 'alone',
      input: () => ({ way: 'wasi', path: '/' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'WASI' },
    },
    {
      name: 'reach into Node past its permissions',
      as: 'alone',
      input: () => ({ way: 'binding', name: 'spawn_sync' }),
      stopped: 'its own Node refuses it',
    },
    {
      name: 'run a file outside of its package',
      as: 'alone',
      input: () => ({ way: 'import', path: '/etc/passwd' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'FileSystemRead /etc/passwd' },
    },
    {
      name: "open Cadre's own database, which the permissions of Node do not guard",
      as: 'alone',
      input: ({ dataDir }) => ({ way: 'database', path: `${dataDir}/../data/cadre.db` }),
      stopped: 'it is not there: of the machine the box shows what was granted',
    },
    {
      name: 'attach another database to one of its own',
      as: 'alone',
      input: ({ outside, workspace }) => ({
        way: 'attach',
        path: `${outside}/secret.txt`,
        own: `${workspace}/own.db`,
      }),
      stopped: 'it is not there: of the machine the box shows what was granted',
    },
    {
      name: 'have Node write a report outside',
      as: 'alone',
      input: ({ outside }) => ({ way: 'report', path: `${outside}/report.json` }),
      stopped: 'it is not there: of the machine the box shows what was granted',
    },
  ],
};
