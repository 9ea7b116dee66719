import { spawnSync } from 'node:child_process';

/** README command 2: every test, and the static checks first. Extra arguments go to vitest. */
const run = (program: string, ...args: string[]) => {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const args = process.argv.slice(2);
if (args.length === 0) run('npm', 'run', 'check', '--silent');
run('vitest', 'run', ...args);
