import type { Family } from '../attempt.ts';

const OTHERS = 'the box has processes of its own, and no others are there';

export const processes: Family = {
  title: 'other processes',
  attempts: [
    {
      name: 'find a text in environments and arguments of processes',
      as: 'armed',
      input: ({ canary }) => ({ way: 'processes', canary }),
      stopped: OTHERS,
    },
    {
      name: 'read the environment of the first process',
      as: 'armed',
      input: ({ canary }) => ({
        way: 'shell',
        script: `tr '\\0' '\\n' </proc/1/environ | grep -a '${canary}'`,
      }),
      stopped: 'what makes the box has an empty environment itself',
    },
    {
      name: 'read the environment of another process by its number',
      as: 'armed',
      input: ({ victim }) => ({ way: 'read', path: `/proc/${victim}/environ` }),
      stopped: OTHERS,
    },
    {
      name: 'read the environment of the first process',
      as: 'alone',
      input: () => ({ way: 'read', path: '/proc/1/environ' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'FileSystemRead /proc/1/environ' },
    },
    {
      name: 'find secrets of Cadre in its own environment',
      as: 'armed',
      input: ({ canary }) => ({ way: 'environment', canary }),
      stopped: 'it gets an environment that is made for it',
    },
    {
      name: 'find a descriptor of the host among its own',
      as: 'armed',
      input: () => ({ way: 'descriptors' }),
      stopped: 'nothing is handed on but its three pipes',
    },
    {
      name: 'end another process',
      as: 'armed',
      input: ({ victim }) => ({ way: 'signal', pid: victim, signal: 'SIGKILL' }),
      stopped: OTHERS,
      also: ({ victim }) => void process.kill(victim, 0),
    },
    {
      name: 'end another process',
      as: 'alone',
      input: ({ victim }) => ({ way: 'signal', pid: victim, signal: 'SIGKILL' }),
      stopped: OTHERS,
      also: ({ victim }) => void process.kill(victim, 0),
    },
    {
      name: 'signal its starter, which would open a debugger',
      as: 'armed',
      input: () => ({ way: 'signal', pid: process.pid, signal: 'SIGUSR1' }),
      stopped: OTHERS,
    },
    {
      name: 'write into the memory of another process',
      as: 'armed',
      input: ({ victim }) => ({ way: 'write', path: `/proc/${victim}/mem` }),
      stopped: OTHERS,
    },
    {
      name: 'go into the namespaces of the host by nsenter',
      as: 'armed',
      input: ({ victim }) => ({ way: 'shell', script: `nsenter --target ${victim} --mount --net echo got` }),
      stopped: `${OTHERS}; and the filter of system calls refuses it`,
    },
    {
      name: 'start a program, where none was granted',
      as: 'alone',
      input: () => ({ way: 'shell', script: 'echo got' }),
      stopped: 'its own Node refuses it, and the host hears of that',
      seen: { operation: 'violation', target: 'ChildProcess /bin/sh' },
    },
    {
      name: 'have Cadre start a program that was not granted',
      as: 'alone',
      input: () => ({
        way: 'ask',
        lines: [
          '{"type":"request","call":"CALL","request":"CALL:9","body":{"kind":"exec","program":"sh","path":"/bin/sh","arguments":[],"cwd":"/"}}',
        ],
      }),
      stopped: 'the gate refuses it',
      seen: { operation: 'exec', permission: 'shell:sh' },
    },
  ],
};
