import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*", "net:*"]
  steps:
    - id: all
      permissions: ["fs:write:.", "shell:*"]
      parallel:
        - { id: mark, run: touch mark, permissions: ["shell:sh", "fs:write:.", "net:one.example"] }
`;

const place = () => temporaryPlace({ 'sample.yaml': WORKFLOW });

const json = async (there: TemporaryPlace, ...argv: string[]) =>
  JSON.parse((await there.cadre(...argv, '--json')).stdout);

describe('cadre worker why', () => {
  test('[WRK-17] shows every set that narrows a call, and what all of them allow by which rule', async () => {
    const there = place();
    const why = await json(
      there,
      'worker',
      'why',
      'shell/run',
      '--workflow',
      './sample.yaml',
      '--step',
      'mark',
    );
    expect(why.sets.map(({ name }: { name: string }) => name)).toEqual([
      'manifest',
      'workflow',
      'step all',
      'step mark',
    ]);
    expect(why.decisions).toEqual([
      { permission: 'fs:write:.', decision: 'allowed', rule: 'policy.allow fs:write:.' },
      { permission: 'shell:sh', decision: 'allowed', rule: 'policy.allow shell:*' },
    ]);
    // The step alone would allow a host; the one around it does not.
    expect(why.within).not.toContain('net:one.example:*');
  });

  test('[WRK-17] suggests from what was really used how less would do', async () => {
    const there = place();
    await there.cadre('grant', 'add', 'shell', 'shell:*');
    const [grant] = (await json(there, 'grant', 'list')).grants;
    expect((await there.cadre('run', './sample.yaml', '--yes')).code).toBe(0);
    const why = await json(there, 'worker', 'why', 'shell/run');
    expect(why.used).toMatchObject([{ permission: 'shell:sh', times: 1 }]);
    expect(why.suggestions).toEqual([
      'cadre grant add shell shell:sh',
      `cadre grant revoke ${grant.id}`,
      'in the step: permissions: ["fs:write:.","shell:sh"]',
    ]);
  });

  test('[WRK-17] with a run it shows what its callers allow', async () => {
    const there = temporaryPlace({
      '.cadre/workflows/inner.yaml': WORKFLOW.replace('name: sample', 'name: inner'),
      '.cadre/workflows/outer.yaml': `apiVersion: cadre/v1
kind: Workflow
metadata: { name: outer }
spec:
  permissions: ["fs:write:."]
  steps:
    - { id: sub, workflow: inner, permissions: ["fs:read:.", "shell:sh"] }
`,
    });
    const ran = await there.cadre('run', 'outer', '--yes');
    expect(ran.code).not.toBe(0);
    const { runs } = await json(there, 'runs', 'inner');
    const why = await json(there, 'worker', 'why', 'shell/run', '--run', runs[0].id, '--step', 'mark');
    expect(why.sets.map(({ name }: { name: string }) => name)).toEqual([
      'manifest',
      'caller',
      'caller',
      'workflow',
      'step all',
      'step mark',
    ]);
    expect(why.within).toEqual(['fs:read:.']);
  });

  test('says which step or action there is not', async () => {
    const there = place();
    const of = (...argv: string[]) => there.cadre('worker', 'why', ...argv);
    expect(await of('shell/run', '--workflow', './sample.yaml', '--step', 'mrak')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are all, mark'),
    });
    expect((await of('shell/nun')).code).toBe(2);
    expect((await of('git/push', '--workflow', './sample.yaml', '--step', 'mark')).code).toBe(2);
    expect((await of('git/push', '--step', 'mark')).code).toBe(2);
  });
});

test('[WRK-16] a check and a plan name the grants that a workflow lacks, each with its command, and none that it has', async () => {
  const there = temporaryPlace({
    'sample.yaml': `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "shell:*", "net:pypi.org:443", "fs:write:.", "net:*"]
  steps:
    - { id: look, uses: audit/dependencies, permissions: ["fs:read:.", "fs:write:.", "net:pypi.org:443"] }
`,
  });
  const command = 'cadre grant add audit net:pypi.org:443';
  expect((await there.cadre('check', './sample.yaml')).stdout).toContain(command);
  const planned = await json(there, 'plan', './sample.yaml');
  expect(planned.lacking).toMatchObject([
    { step: 'look', permission: 'net:pypi.org:443', decision: 'asked', fix: command },
  ]);
  expect((await there.cadre(...command.split(' ').slice(1))).code).toBe(0);
  expect((await json(there, 'check', './sample.yaml')).checked[0].lacking).toEqual([]);
});

describe('cadre grant', () => {
  test('[WRK-16] shows one whole, and what is given and taken back stands in the record', async () => {
    const there = place();
    const { grant } = await json(there, 'grant', 'add', 'git', 'net:one.example:443', '--expires', '2h');
    expect(grant).toMatchObject({ scope: 'workspace', worker: 'git', decision: 'allow' });
    const { stdout } = await there.cadre('grant', 'show', grant.id);
    for (const part of [
      'net:one.example:443',
      grant.manifestHash,
      'git ^',
      new Date(grant.expiresAt).toISOString(),
    ]) {
      expect(stdout).toContain(part);
    }
    await there.cadre('grant', 'revoke', grant.id);
    expect((await there.cadre('grant', 'show', grant.id)).code).toBe(2);
    expect((await json(there, 'audit', 'search', '--grant', grant.id)).records).toMatchObject([
      { operation: 'add', permission: 'net:one.example:443' },
      { operation: 'revoke' },
    ]);
  });

  test('[WRK-15] for all workspaces is refused for a worker that came with the repository', async () => {
    const there = place();
    await there.cadre('worker', 'new', 'greeter');
    expect(await there.cadre('grant', 'add', 'greeter', 'net:one.example:443', '--everywhere')).toMatchObject(
      {
        code: 2,
        stderr: expect.stringContaining('came with this repository'),
      },
    );
    const other = place();
    expect((await there.cadre('grant', 'add', 'git', 'net:one.example:443', '--everywhere')).code).toBe(0);
    const seen = await other.cadreWith({ CADRE_HOME: there.home }, 'grant', 'list');
    expect(seen.stdout).toMatch(/net:one\.example:443\s+everywhere/);
  });
});

describe('cadre audit', () => {
  test('[WRK-18] finds by run, worker, action, permission, decision, person, time and text, all at once', async () => {
    const there = place();
    expect((await there.cadre('run', './sample.yaml', '--yes')).code).toBe(0);
    await there.cadre('grant', 'add', 'git', 'net:one.example:443');
    const count = async (...argv: string[]) => (await json(there, 'audit', 'search', ...argv)).found;
    expect(await count()).toBe(4);
    expect(await count('--run', 'last')).toBe(3);
    expect(await count('--worker', 'cadre')).toBe(1);
    expect(await count('--action', 'shell/run')).toBe(3);
    expect(await count('--permission', 'shell')).toBe(1);
    expect(await count('--permission', 'shell:sh', 'touch mark')).toBe(1);
    expect(await count('--permission', 'shell:s')).toBe(0);
    expect(await count('--decision', 'denied')).toBe(0);
    expect(await count('--who', 'user:nobody')).toBe(0);
    expect(await count('--to', '2001-01-01')).toBe(0);
    expect(await count('ONE.EXAMPLE')).toBe(1);
    const { records, found } = await json(there, 'audit', 'search', '--limit', '1');
    expect([found, records.length, records[0].action]).toEqual([4, 1, 'grant']);
    expect((await there.cadre('audit', 'search', '--decision', 'maybe')).code).toBe(2);
    const exported = (await there.cadre('audit', 'export', '--permission', 'shell')).stdout
      .trim()
      .split('\n');
    expect(exported.map((line) => JSON.parse(line))).toMatchObject([
      {
        operation: 'exec',
        permission: 'shell:sh',
        decision: 'allowed',
        rule: 'policy.allow shell:*',
        worker: 'shell',
        version: expect.any(String),
      },
    ]);
  });

  test('[HYG-63] verifies what it says, signed and anchored, and names what somebody changed', async () => {
    const there = place();
    const anchor = join(there.home, '../', `${there.home.split('/').at(-1)}-anchor`);
    const env = { CADRE_AUDIT__ANCHOR: anchor };
    for (const permission of ['net:one.example:443', 'net:two.example:443']) {
      expect((await there.cadreWith(env, 'grant', 'add', 'git', permission)).code).toBe(0);
    }
    const verify = () => there.cadreWith(env, 'audit', 'verify', '--json');
    expect(JSON.parse((await verify()).stdout)).toEqual({ ok: true, records: 2, signed: 2, anchored: 2 });
    const folder = join(there.home, 'workspaces', readdirSync(join(there.home, 'workspaces'))[0] ?? '');
    const database = new DatabaseSync(join(folder, 'cadre.db'));
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
      database.exec(`DROP TRIGGER "${String(name)}"`);
    }
    database.exec(`UPDATE audit SET entry = replace(entry, 'one.example', 'owo.example')`);
    database.close();
    const found = await verify();
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({ ok: false, number: 1, kind: 'changed' });
  });
});

describe.each(['permissions', 'audit'])('the guide on %s', (name) => {
  const guide = readFileSync(join(import.meta.dirname, `../../../../docs/guide/${name}.md`), 'utf8');
  const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
    language,
    text,
  }));

  test('says what works as it is written', async () => {
    const there = temporaryPlace({ 'sample.yaml': WORKFLOW });
    await there.cadre('run', './sample.yaml', '--yes');
    let grant = '';
    for (const line of blocks
      .filter(({ language }) => language === '')
      .flatMap(({ text }) => text.trim().split('\n'))) {
      if (line === 'cadre trust show')
        there.write({ 'cadre.yaml': 'policy: { allow: ["net:one.example:443"] }\n' });
      const argv = line
        .replace('GRANT', grant)
        .replace('/mnt/elsewhere/cadre-records', there.home)
        .split(' ')
        .slice(1);
      const { code, stdout, stderr } = await there.cadre(...argv);
      expect([line, code, stderr]).toEqual([line, 0, '']);
      if (line === 'cadre trust remove') there.write({ 'cadre.yaml': '' });
      grant = /grant revoke (grant_\w+)/.exec(stdout)?.[1] ?? grant;
    }
  });

  test('shows settings that there are', async () => {
    for (const { text } of blocks.filter(({ language }) => language === 'yaml')) {
      const there = temporaryPlace({ 'cadre.yaml': text });
      const { wanted } = await json(there, 'trust', 'show');
      expect(wanted).not.toBeNull();
      expect((await there.cadre('trust', 'add', '--accept', wanted.digest)).code).toBe(0);
      expect(await there.cadre('config', 'check')).toMatchObject({ code: 0 });
    }
  });
});

test('[WRK-16] what was granted to sources of the workspace is asked for anew as soon as their code is another one', async () => {
  const main = (said: string) => `
import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
serve(defineWorker({
  id: 'mine',
  actions: {
    tell: async (_, context) => ({ said: '${said} ' + (await context.secret('TOKEN')).length }),
  },
}));
`;
  const there = temporaryPlace({
    '.cadre/workers/mine/worker.yaml': `id: mine
version: 1.0.0
licence: MIT
engines: { cadre: "*" }
capabilities: [actions]
permissions: ["secret:TOKEN"]
entrypoint: main.js
actions:
  - { name: tell, description: Tells, effects: [none], input: { type: object }, output: {} }
`,
    '.cadre/workers/mine/package.json': '{ "type": "module" }',
    '.cadre/workers/mine/main.js': main('one'),
  });
  const call = () =>
    there.cadreWith({ CADRE_SECRET_TOKEN: 'abcde' }, 'worker', 'call', 'mine/tell', '--json');
  expect((await there.cadre('grant', 'add', 'mine', 'secret:TOKEN')).code).toBe(0);
  const [grant] = (await json(there, 'grant', 'list')).grants;
  expect(await call()).toMatchObject({ code: 0, stdout: expect.stringContaining('one 5') });

  there.write({ '.cadre/workers/mine/main.js': main('two') });
  const refused = await call();
  expect(refused.code).toBe(4);
  expect(refused.stdout).toContain(`its manifest or code has changed since grant ${grant.id}`);

  expect((await there.cadre('grant', 'add', 'mine', 'secret:TOKEN')).code).toBe(0);
  expect(await call()).toMatchObject({ code: 0, stdout: expect.stringContaining('two 5') });
});
