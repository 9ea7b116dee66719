import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineWorkflow } from '@cadre/core';
import { afterEach, expect, test } from 'vitest';
import { tryCli } from '../testing.ts';
import { switchedOn } from './switched-on.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-docs-'));
  folders.push(folder);
  return folder;
}

function repository(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=work');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.org');
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'start');
  return folder;
}

test('a step that is named by id or alias turns its own switch on, and no other input', () => {
  const workflow = defineWorkflow({
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: { name: 'sample' },
    spec: {
      inputs: { docs: { type: 'boolean', default: false }, kind: { type: 'string', default: '' } },
      steps: [
        { id: 'docs', aliases: ['documentation'], run: 'x', if: '${{ inputs.docs }}' },
        { id: 'other', run: 'x', if: '${{ inputs.docs && inputs.kind != "" }}' },
        { id: 'third', run: 'x', if: '${{ inputs.kind }}' },
      ],
    },
  });
  expect(switchedOn(workflow, ['documentation'])).toEqual({ docs: true });
  expect(switchedOn(workflow, ['other', 'third'])).toEqual({});
  expect(switchedOn(workflow)).toEqual({});
});

test('[HYG-16] the profile nightly builds documentation, and no other that ships does', async () => {
  const options = { cwd: repository({ 'a.ts': '' }), env: { CADRE_HOME: temporaryFolder() } };
  const { profiles } = JSON.parse((await tryCli(['--json', 'hygiene', 'profiles'], options)).stdout);
  const building = Object.keys(profiles).filter((name) => profiles[name].inputs?.docs === true);
  expect(building).toEqual(['nightly']);
});

test('[HYG-44] the plan of the step docs shows the pages as diffs, the run writes and commits them', async () => {
  const folder = repository({
    'a.ts': '/** Adds. */\nexport function add(a: number): number {\n  return a;\n}\n',
  });
  const options = { cwd: folder, env: { CADRE_HOME: temporaryFolder() } };

  const plan = await tryCli(['run', 'hygiene', '--steps', 'documentation', '--plan'], options);

  expect(plan).toMatchObject({ code: 0 });
  expect(plan.stdout).toContain('docs/api/a.ts.md');
  expect(plan.stdout).toContain('+function add(a: number): number');
  expect(existsSync(join(folder, 'docs'))).toBe(false);

  const run = await tryCli(['run', 'hygiene', '--steps', 'docs,commit', '--yes'], options);

  expect(run).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'docs/api/a.ts.md'), 'utf8')).toContain('Adds.');
  const shown = execFileSync('git', ['show', '--name-only', '--format='], { cwd: folder, encoding: 'utf8' });
  expect(shown.trim().split('\n')).toEqual([
    'docs/api/a.ts.html',
    'docs/api/a.ts.md',
    'docs/api/index.html',
    'docs/api/index.md',
  ]);
});

test('[HYG-44] below the floor that is settled for the repository the run fails and says how much is missing', async () => {
  const folder = repository({
    'a.ts': 'export const a = 1;\n',
    'cadre.yaml': 'hygiene: { docs: true, docsFloor: 60 }\n',
  });
  const options = { cwd: folder, env: { CADRE_HOME: temporaryFolder() } };

  const others = ['--skip', 'backup,test,dump', '--no-security', '--no-commit'];
  const run = await tryCli(['run', 'hygiene', ...others, '--yes'], options);

  expect(run).toMatchObject({ code: 1 });
  expect(run.stdout).toContain('documentation_below_floor');
  expect(run.stdout).toContain('0 % of the symbols are documented (0 of 1), below the floor of 60 %');
  expect(existsSync(join(folder, 'docs'))).toBe(false);
});
