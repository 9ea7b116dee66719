import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildWorker } from '../../../test/worker-fixture.ts';
import { tryCli } from '../testing.ts';

const FILM = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: film }
spec:
  steps:
    - { id: record, uses: streamer/produce, with: { bytes: 300000 } }
    - { id: weigh, uses: streamer/weigh, with: { file: "\${{ steps.record.output.made[0] }}" } }
    - { id: print, uses: streamer/print, with: { text: "size \${{ steps.record.output.made[0].size }}" } }
    - { id: again, uses: streamer/weigh, with: { file: "\${{ steps.print.output.report }}" } }
  outputs: { film: "\${{ steps.record.output.made[0] }}" }
`;

let folder = '';
let repository = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-artifacts-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  execFileSync('git', ['init', '-q', repository]);
  writeFileSync(join(repository, 'film.yaml'), FILM);
  await buildWorker('streamer', join(repository, '.cadre/workers/streamer'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function cadre(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await tryCli(argv, {
    cwd: repository,
    env: { CADRE_HOME: join(folder, 'home') },
  });
  expect(code, `cadre ${argv.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

interface Listed {
  readonly artifacts: readonly { readonly digest: string; readonly contentType: string }[];
}

test('[WRK-44] what a run records and prints is listed, shown, exported, backed up, and kept as long as its class says', async () => {
  await cadre('check', './film.yaml');
  expect(await cadre('run', './film.yaml', '--yes')).toMatch(/record .*video\/x-test of 293 KiB \(sha256:/);
  const { artifacts } = JSON.parse(await cadre('artifacts', 'list', '--run', 'last', '--json')) as Listed;
  const of = (type: string) => artifacts.find(({ contentType }) => contentType === type)?.digest ?? '';
  expect(artifacts).toHaveLength(2);
  const [film, report] = [of('video/x-test'), of('text/csv')];

  // Its bytes are not shown to a terminal, the beginning of a text is.
  const shown = await cadre('artifacts', 'show', film);
  expect(shown).toMatch(/video\/x-test, 293 KiB, whole\nclass {2}standard/);
  expect(shown).not.toContain('\0');
  expect(await cadre('artifacts', 'show', report)).toContain('\nsize 300000\n');

  await cadre('artifacts', 'export', film, 'film.bin');
  const bytes = readFileSync(join(repository, 'film.bin'));
  expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(film);
  expect(await cadre('artifacts', 'export', report)).toBe('size 300000');

  // A run that takes over what was recorded names it, too.
  await cadre('rerun', 'last', '--from', 'weigh', '--yes');
  const { runs } = JSON.parse(await cadre('artifacts', 'show', film, '--json')) as { runs: string[] };
  expect(runs).toHaveLength(2);

  await cadre('data', 'backup', 'kept.db');
  rmSync(join(folder, 'home'), { recursive: true });
  await cadre('data', 'restore', 'kept.db');
  await cadre('artifacts', 'export', film, 'again.bin');
  expect(readFileSync(join(repository, 'again.bin')).equals(bytes)).toBe(true);
  expect(await cadre('artifacts', 'export', report)).toBe('size 300000');
  expect(existsSync(join(repository, 'again.bin.part'))).toBe(false);
}, 120_000);
