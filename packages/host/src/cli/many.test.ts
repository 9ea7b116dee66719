import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { until } from '../testing/until.ts';
import { type Tried, tryCli } from './testing.ts';

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: two }
spec:
  steps:
    - id: first
      uses: shell/run
      with: { command: "echo one" }
    - id: second
      uses: shell/run
      with: { command: "env" }
`;

describe.skipIf(lacksPostgres())('the command line on a shared store', () => {
  let server: PostgresServer;
  let folder = '';
  let databases = 0;
  let url = '';
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cadre-many-'));
    mkdirSync(join(folder, 'repo'));
    execFileSync('git', ['init', '-q'], { cwd: join(folder, 'repo') });
    writeFileSync(join(folder, 'repo/two.yaml'), WORKFLOW);
    databases += 1;
    // The server trusts everybody; what matters is that the password is seen nowhere.
    url = server.url.replace('cadre@', 'cadre:hunter2@');
    for (const permission of ['shell:*', 'fs:read:.', 'fs:write:.', 'net:*:*']) {
      expect((await cadre(['grant', 'add', 'shell', permission])).code).toBe(0);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function cadre(
    argv: readonly string[],
    options: { shared?: boolean; signal?: AbortSignal } = {},
  ): Promise<Tried> {
    return tryCli(argv, {
      cwd: join(folder, 'repo'),
      env: {
        CADRE_HOME: join(folder, 'home'),
        CADRE_STORE__SCHEMA: `many_${databases}`,
        ...(options.shared === false ? {} : { CADRE_STORE__URL: url }),
      },
      ...(options.signal === undefined ? {} : { interrupted: options.signal }),
    });
  }

  test('a run is performed where it is started when no worker is there, and says so', async () => {
    const alone = await cadre(['run', 'two.yaml', '--yes']);
    expect(alone).toMatchObject({ code: 0, stderr: expect.stringContaining('no worker performs cpu') });
    const logs = await cadre(['logs']);
    expect(logs.stdout).toContain('one');
    expect(logs.stdout).not.toContain('hunter2');
    expect((await cadre(['runs'])).stdout).toContain('succeeded');
    expect((await cadre(['runs'], { shared: false })).stdout).toContain('No runs yet');
  });

  test('a worker performs what another process starts, and ends in order when it is told to [WRK-127]', async () => {
    const end = new AbortController();
    const working = cadre(['work', '--class', 'cpu'], { signal: end.signal });
    await until('the worker is known', async () =>
      (await cadre(['lock', 'show'])).stdout.includes('work:cpu:'),
    );
    const run = await cadre(['run', 'two.yaml', '--yes']);
    expect(run.code).toBe(0);
    expect(run.stderr).not.toContain('no worker');
    end.abort('SIGTERM');
    expect(await working).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('waits for what is under way'),
    });
    expect((await cadre(['lock', 'show'])).stdout).toContain('Nobody holds anything');
  });

  test('serve performs every class, and nothing where it shall not', async () => {
    for (const more of [[], ['--no-work']]) {
      const end = new AbortController();
      const serving = cadre(['serve', ...more], { signal: end.signal });
      if (more.length === 0) {
        await until('it is known', async () => (await cadre(['lock', 'show'])).stdout.includes('work:*:'));
      }
      end.abort('SIGTERM');
      expect((await serving).code).toBe(0);
    }
  });

  test('the password of the store is shown nowhere', async () => {
    for (const argv of [
      ['config', 'list'],
      ['config', 'list', '--json'],
      ['config', 'get', 'store'],
      ['config', 'explain', 'store', '--json'],
    ]) {
      const { stdout, stderr, code } = await cadre(argv);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain('hunter2');
    }
    url = url.replace(/host=.*/, 'host=/nowhere');
    const away = await cadre(['runs']);
    expect(away).toMatchObject({ code: 5, stderr: expect.stringContaining('store_unavailable') });
    expect(away.stderr).not.toContain('hunter2');
    url = 'nonsense:hunter2';
    const wrong = await cadre(['runs']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).not.toContain('hunter2');
    writeFileSync(join(folder, 'repo/cadre.yaml'), `store: { url: "postgres://a:hunter2@b/c" }\n`);
    const inFile = await cadre(['runs'], { shared: false });
    expect(inFile.stderr).toContain('secret_in_config');
    expect(inFile.stderr).not.toContain('hunter2');
  });

  test('work says why it has nothing to do on one machine, and what is wrong with its options', async () => {
    expect(await cadre(['work'], { shared: false })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('CADRE_STORE__URL'),
    });
    expect((await cadre(['work', '--class', 'cpu,,llm'])).code).toBe(2);
    expect((await cadre(['work', '--concurrency', 'many'])).code).toBe(2);
  });

  test('a workspace moves to one machine and back, but not while anybody is at work', async () => {
    await cadre(['run', 'two.yaml', '--yes']);
    const planned = await cadre(['migrate', '--to', 'sqlite', '--plan', '--json']);
    expect(JSON.parse(planned.stdout)).toMatchObject({
      done: false,
      rows: { runs: 1, definitions: 1, grants: 4 },
    });
    const end = new AbortController();
    const working = cadre(['work'], { signal: end.signal });
    await until('the worker is known', async () => (await cadre(['lock', 'show'])).stdout.includes('work:'));
    expect(await cadre(['migrate', '--to', 'sqlite'])).toMatchObject({ code: 3 });
    end.abort('SIGTERM');
    await working;
    expect(await cadre(['migrate', '--to', 'sqlite'])).toMatchObject({ code: 0 });
    expect((await cadre(['runs'], { shared: false })).stdout).toContain('succeeded');
    expect((await cadre(['audit', 'verify'], { shared: false })).code).toBe(0);
    expect((await cadre(['show', '--effects'], { shared: false })).code).toBe(0);
    // It holds something already, and nothing is ever replaced.
    expect(await cadre(['migrate', '--to', url], { shared: false })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists'),
    });
    expect(await cadre(['migrate', '--to', 'sqlite'], { shared: false })).toMatchObject({ code: 2 });
    expect((await cadre(['migrate'])).code).toBe(2);
  });
});
