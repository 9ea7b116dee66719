import { openContainerSandbox } from '../open-container-sandbox.ts';

/** Starts a program in a container that would go on for ever, whatever becomes of its input, and tells when it has begun. */
const [workspace = ''] = process.argv.slice(2);
const sandbox = openContainerSandbox({ workspace, environment: process.env });
const child = await sandbox.start(['/bin/sh', '-c', 'echo ready; while :; do sleep 1000; done'], {
  confinement: { readable: [], writable: [workspace], hidden: [], programs: ['*'], hosts: [] },
  cwd: workspace,
  env: {},
  installed: [],
});
child.stdout.pipe(process.stdout);
child.stderr.pipe(process.stderr);
await child.ended;
