import { spawnSync } from 'node:child_process';

/** README command 2: the static checks, then every test. With arguments: only vitest, with these. */
const run = (program: string, ...args: string[]) => {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const args = process.argv.slice(2);
if (args.length === 0) run('npm', 'run', 'check', '--silent');
const report = process.env['CADRE_TEST_REPORT'];
// Who wants a report is CI: there the floor of coverage holds as well, in the same run.
const reporting =
  report === undefined
    ? []
    : ['--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
run('vitest', 'run', ...reporting, ...args);
