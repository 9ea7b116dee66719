import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import type { DetectReport } from './detect.ts';
import { worker } from './worker.ts';

const code = checkedWorker(import.meta.dirname, worker);

test('[HYG-18] languages, tools with versions and missing tools with their install command are listed', async () => {
  const repository = temporaryRepository({
    'pyproject.toml': '[dependency-groups]\ndev = ["ruff>=0.5"]\n[tool.black]\n',
    'uv.lock': '',
    'a.py': '',
    'web/package.json': '{ "prettier": {} }',
    'web/a.ts': '',
    run: '#!/usr/bin/env bash\n',
  });
  repository.write('.venv/bin/black', '#!/bin/sh\necho "black, 99.1.0 (compiled: yes)"\n');
  chmodSync(join(repository.path, '.venv/bin/black'), 0o755);

  const report = await code.succeed<DetectReport>('detect', {}, { workspace: repository.path });

  expect(report.languages).toContainEqual({ name: 'shell', files: 1 });
  expect(report.languages).toContainEqual({ name: 'python', files: 1 });
  expect(report.tools).toContainEqual({
    name: 'black',
    stage: 'format',
    folder: '.',
    reason: '[tool.black] in pyproject.toml',
    files: 1,
    installed: true,
    path: join(repository.path, '.venv/bin/black'),
    version: '99.1.0',
  });
  expect(report.tools.find(({ name }) => name === 'prettier')).toMatchObject({ folder: 'web' });
  // Black lays out here, so ruff is only asked to lint.
  expect(report.tools.map(({ name }) => name)).not.toContain('ruff format');
});
