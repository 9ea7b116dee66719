import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSample } from './sample.ts';

/** README command 1: a sample repository with real faults, and the hygiene workflow over it. */
const cadre = join(dirname(fileURLToPath(import.meta.url)), '../packages/host/bin/cadre.js');
const sample = mkdtempSync(join(tmpdir(), 'cadre-sample-'));
const repository = makeSample(sample);

const say = (text = '') => process.stdout.write(`${text}\n`);
say(
  `A sample ${repository ? 'repository' : 'folder (git is not installed: nothing can be committed)'}: ${sample}`,
);
say('It has unformatted code, an unused import, a comparison with NaN, stale caches,');
say('a leaked (fake) token and a dependency with a known vulnerability.');
say();
say(`$ cadre run hygiene --path ${sample} --audit --coverage 0 --yes`);

const child = spawn(
  process.execPath,
  [cadre, 'run', 'hygiene', '--path', sample, '--audit', '--coverage', '0', '--yes'],
  { stdio: 'inherit' },
);
// Ctrl-C reaches the child too, which ends its run and its workers; this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? 1)));

if (code < 2) {
  say();
  say(
    'The leaked token and the vulnerable dependency hold the commit, as they should (exit code 1). Where to look:',
  );
  say(`  npx cadre show --workspace ${sample}              what each step did and found`);
  say(`  npx cadre show --effects --workspace ${sample}    every change, with its diff`);
  say(`  npx cadre logs --workspace ${sample}              what the steps said`);
  say(
    `  npx cadre run hygiene --path ${sample}            the plan of another run; it asks before it does anything`,
  );
}
process.exitCode = code < 2 ? 0 : code;
