import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Attempt, Family } from './attempt.ts';
import { bombs } from './attempts/bombs.ts';
import { calls } from './attempts/calls.ts';
import { files } from './attempts/files.ts';
import { kernel } from './attempts/kernel.ts';
import { network } from './attempts/network.ts';
import { processes } from './attempts/processes.ts';
import { protocol } from './attempts/protocol.ts';
import { proxy } from './attempts/proxy.ts';

const FAMILIES = { files, processes, network, proxy, kernel, bombs, protocol, calls };
const all = Object.values(FAMILIES).flatMap(({ attempts }) => attempts);
const isSeen = ({ seen, code }: Attempt) => seen?.operation !== undefined || code !== undefined;

const HEAD = `# Ways out that are tried

Each line is tried by a worker in the suite (\`packages/host/test/escape\`), through the gate, as any call goes. *Armed*: it may run every
program of the system; *alone*: it may run none, so that its own Node guards it too; *calling*: it may do nothing but call others. That the call was made, by whom, with which
permissions and how it ended, stands in the record each time. *Seen* says what stands there besides: that something was tried. What the
kernel alone refuses inside of the box nobody outside can see, and then there is only the call.

All of them are tried in tier 2 (the box of bubblewrap); files, processes, network, kernel and bombs in tier 3 (a container) and in tier 4 (another
machine, whose part this one plays) as well. The same answers are expected there; but in tier 4 links that lead out are not carried: what leaves one fails
(\`not_carried\`), and a file in the place of one does too (\`conflict\`). How large folders in memory are is that machine's affair, and not tried.

Beside the tables stand tests of what takes more than one call: \`timing.test.ts\` (something is put in the place of what was granted),
\`lies.test.ts\` (manifests), \`output.test.ts\` (what is written for the eyes of people), \`secrets.test.ts\` (references to secrets) and
\`callers.test.ts\` (root, ordinary user).
`;

function tableOf({ title, attempts }: Family): string {
  const rows = attempts.map((attempt) => {
    const { name, as, stopped } = attempt;
    return `| ${name} | ${as} | ${stopped} | ${isSeen(attempt) ? seenAs(attempt) : '–'} |`;
  });
  return `\n## ${title[0]?.toUpperCase()}${title.slice(1)}\n\n| tried | as | what stops it | seen |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function seenAs({ seen, code }: Attempt): string {
  const operation = seen?.operation;
  return operation === undefined ? `\`${code ?? 'call'}\`` : `\`${operation}\``;
}

test('[WRK-20] the page lists every way out that is tried, and there are more than a hundred', async () => {
  expect(all.length).toBeGreaterThan(100);
  const tables = Object.values(FAMILIES).map(tableOf).join('');
  const seen = all.filter(isSeen).length;
  const sum = `\n${all.length} in all; of ${seen} the attempt itself is seen.\n`;
  await expect(`${HEAD}${sum}${tables}`).toMatchFileSnapshot(
    join(import.meta.dirname, '../../../../docs/escape-attempts.md'),
  );
});

test('no two of them are the same', () => {
  const names = Object.entries(FAMILIES).flatMap(([family, { attempts }]) =>
    attempts.map(({ name, as }) => `${family}: ${name} (${as})`),
  );
  expect(new Set(names).size).toBe(names.length);
});
