import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { until } from '../testing/until.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

/** The settings and the workflow stand in the guide. */
const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guide/pools.md'), 'utf8');
const [settings = '', workflow = ''] = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text);

function place(): TemporaryPlace {
  return temporaryPlace({ 'wide.yaml': workflow, 'cadre.yaml': settings });
}

async function grant(cadre: TemporaryPlace['cadre']): Promise<void> {
  for (const permission of ['shell:*', 'fs:read:.']) await cadre('grant', 'add', 'shell', permission);
}

/** One step is performed, two wait; a person looks, and lets the last go first. */
async function waitAndRaise({ folder }: TemporaryPlace, cadre: TemporaryPlace['cadre']): Promise<void> {
  await grant(cadre);
  const run = cadre('run', './wide.yaml', '--yes');
  const shows = async (pattern: RegExp) => pattern.test((await cadre('show', 'last')).stdout);
  await until('it says where it waits', () =>
    shows(/all\/b waits for a place of the class narrow, as number 1/),
  );
  expect((await cadre('show', 'last')).stdout).toMatch(/why all\/a is being performed by .*, since/);
  const raised = await cadre('priority', 'last', 'high', '--step', 'all/c');
  expect(raised).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/all\/c of run_\w+ has the priority high/),
  });
  await until('it is the next', () => shows(/all\/c waits for a place of the class narrow, as number 1/));
  writeFileSync(join(folder, 'go'), '');
  expect((await run).code).toBe(0);
  const { stdout } = await cadre('show', 'last', '--events', '--json');
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step?: string });
  const ended = events.filter(({ type }) => type === 'step.succeeded').map(({ step }) => step);
  expect(ended).toEqual(['all/a', 'all/c', 'all/b', 'all']);
  expect((await cadre('priority', 'last', 'high')).code).toBe(2);
  expect(await cadre('priority', 'last', 'urgent')).toMatchObject({
    code: 2,
    stderr: /one of high, normal, low/,
  });
}

describeSandboxed('what waits', () => {
  test('says its class and its place in the line, and goes first when a person wants it [WRK-35] [WRK-125]', async () => {
    const here = place();
    await waitAndRaise(here, here.cadre);
  }, 60_000);

  test('a worker in quarantine is shown with its reason, starts nothing, and is cleared by its administrator [WRK-12]', async () => {
    const { cadre, home } = place();
    await grant(cadre);
    const [workspace = ''] = readdirSync(join(home, 'workspaces'));
    const store = await openSqliteStore(join(home, 'workspaces', workspace, 'cadre.db'));
    await store.pools.quarantines.put({ worker: 'shell', since: Date.now(), reason: 'it ended by itself' });
    await store.close();
    const listed = await cadre('worker', 'list');
    expect(listed.stdout).toMatch(/shell .* quarantined/);
    expect(listed.stdout).toMatch(/quarantined shell, since .*: it ended by itself/);
    const refused = await cadre('run', './wide.yaml', '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('cadre worker clear shell');
    expect(await cadre('worker', 'clear', 'shell')).toMatchObject({ code: 0 });
    expect(await cadre('worker', 'clear', 'shell')).toMatchObject({ code: 2 });
    const listing = JSON.parse((await cadre('worker', 'list', '--json')).stdout) as Record<string, unknown[]>;
    expect(listing['quarantines']).toEqual([]);
    expect((await cadre('audit', 'export')).stdout).toMatch(/"operation":"clear".*"target":"shell"/);
  }, 60_000);
});

describe.skipIf(lacksPostgres())('on a shared store', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  describeSandboxed('what waits', () => {
    test('says its class and its place in the line of all processes, and goes first when a person wants it [WRK-35] [WRK-125]', async () => {
      const here = place();
      const shared = (...argv: string[]) => here.cadreWith({ CADRE_STORE__URL: server.url }, ...argv);
      await waitAndRaise(here, shared);
    }, 60_000);
  });
});
