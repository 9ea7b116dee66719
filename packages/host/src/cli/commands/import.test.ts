import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryPlace } from '../testing/temporary-place.ts';

const PYPROJECT = `[project]
name = "x"

[tool.routine-workflow]
project-root = "/srv/x"
test_cov_threshold = 70
fail-on-backup = true
enableDepAudit = true
workers = 4
workflow-timeout = 1800
exclude_patterns = ["vendor/**"]
git_push = true
steps = ["step2.5", "reformat", "git"]
lock-ttl = 3600
log-level = "WARNING"
log_rotation_backup_count = 3
coverage = "much"
covrage = 1
[tool.routine-workflow.notify]
slack = true
`;

const SETTINGS = {
  'hygiene.coverage': 70,
  'hygiene.requireBackup': true,
  'hygiene.audit': true,
  'hygiene.jobs': 4,
  'hygiene.timeout': 1800,
  'hygiene.exclude': ['vendor/**'],
  'hygiene.commit': true,
  'hygiene.push': true,
  'hygiene.profiles.imported': { steps: ['step2.5', 'reformat', 'git'] },
  'hygiene.profile': 'imported',
  'log.level': 'warn',
  'log.keep': 3,
};

test('[HYG-34] the table of the earlier tool is shown first, then written, and what has no counterpart is named', async () => {
  const { cadre, folder } = temporaryPlace({ 'pyproject.toml': PYPROJECT });
  const shown = await cadre('import');
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.stdout).toContain('hygiene.coverage: 70   (test_cov_threshold)');
  expect(shown.stdout).toContain('Nothing was written. Write it with --yes.');
  expect(existsSync(join(folder, 'cadre.yaml'))).toBe(false);

  const imported = JSON.parse((await cadre('import', '--yes', '--json')).stdout);
  expect(imported).toMatchObject({ written: true, settings: SETTINGS });
  expect(imported.left.map(({ key }: { key: string }) => key)).toEqual([
    'project-root',
    'lock-ttl',
    'coverage',
    'covrage',
    'notify',
  ]);
  expect(imported.left[3].reason).toContain('coverage');
  expect((await cadre('config', 'get', 'hygiene.timeout')).stdout).toBe('1800\n');
  const steps = JSON.parse((await cadre('plan', 'hygiene', '--skip', 'git', '--json')).stdout).steps;
  const chosen = steps.filter(({ reason }: { reason?: string }) => reason !== 'if');
  expect(chosen.map(({ step }: { step: string }) => step)).toEqual(['test', 'format', 'lint']);
});

test('[HYG-34] importing again changes nothing, and what was set by hand is kept with its comments', async () => {
  const own = '# ours\nhygiene:\n  coverage: 90 # more\n';
  const { cadre, folder } = temporaryPlace({ 'pyproject.toml': PYPROJECT, 'cadre.yaml': own });
  const read = () => readFileSync(join(folder, 'cadre.yaml'), 'utf8');
  const first = JSON.parse((await cadre('import', 'pyproject.toml', '--yes', '--json')).stdout);
  expect(first.kept).toEqual(['hygiene.coverage']);
  const written = read();
  expect(written).toContain('# ours');
  expect(written).toContain('coverage: 90 # more');
  const again = await cadre('import', '--yes');
  expect(again.stdout).toContain('There is nothing to take over.');
  expect(read()).toBe(written);
});

test('[HYG-34] without such a table, or with one that cannot be read, nothing is written', async () => {
  const { cadre, folder } = temporaryPlace({
    'pyproject.toml': '[project]\nname = "x"\n',
    'bad.toml': '[tool',
  });
  expect(await cadre('import', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no table'),
  });
  expect(await cadre('import', 'bad.toml', '--yes')).toMatchObject({ code: 2 });
  expect(await cadre('import', 'none', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('none'),
  });
  expect(existsSync(join(folder, 'cadre.yaml'))).toBe(false);
});
