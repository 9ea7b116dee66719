import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { created, SAMPLE_DEFINITION, started, succeeded } from '../testing/sample-events.ts';
import { removeStreams } from './remove-streams.ts';

test('streams go with their run, also where its end was not noticed; those of a run that goes on stay [WRK-44]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-streams-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = await openSqliteStore(':memory:');
  await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
  await store.runs.create('run_over', [created(1), started(1), succeeded(2)]);
  await store.runs.create('run_open', [created(1), started(1)]);
  const names = ['run_over', 'run_open', 'call_now', 'run_gone'];
  for (const name of names) {
    mkdirSync(join(folder, 'streams', name), { recursive: true });
    writeFileSync(join(folder, 'streams', name, 'stream_1'), 'x');
  }
  utimesSync(join(folder, 'streams', 'run_gone'), 1, 1);
  expect([...(await removeStreams(folder, store.runs, Date.now()))].sort()).toEqual(['run_gone', 'run_over']);
  expect(readdirSync(join(folder, 'streams')).sort()).toEqual(['call_now', 'run_open']);
  expect(await removeStreams(join(folder, 'none'), store.runs, 1)).toEqual([]);
  await store.close();
});
