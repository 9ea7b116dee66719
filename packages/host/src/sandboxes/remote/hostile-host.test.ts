import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type PerformOptions, type RemoteFixture, remoteFixture } from '../../../test/remote-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import type { RemoteTimes } from './open-remote-sandbox.ts';

const LIAR = fileURLToPath(new URL('./testing/lying-host.ts', import.meta.url));

let fixture: RemoteFixture;
afterEach(() => fixture?.remove());

const QUICK = { times: { killMs: 200, silenceMs: 1_000, startMs: 20_000, greetMs: 20_000 } };

async function withHost(lie: string, call: PerformOptions['call'] = {}, times: Partial<RemoteTimes> = {}) {
  const command = [process.execPath, '--no-warnings', LIAR, lie];
  fixture = await remoteFixture({ command, times: { ...QUICK.times, ...times } });
  const { workspace, dataDir } = fixture;
  writeFileSync(join(workspace, 'a.txt'), 'mine');
  writeFileSync(join(workspace, 'hidden'), 'hidden');
  mkdirSync(join(workspace, 'only-read'));
  symlinkSync(dirname(workspace), join(workspace, 'leads-out'));
  const confinement = {
    readable: [join(workspace, 'only-read'), join(workspace, 'around/guarded')],
    writable: [workspace, dataDir],
    hidden: [join(workspace, 'hidden')],
    programs: ['*'],
    hosts: [],
  };
  const outcome = await fixture.perform('echo', { text: 'x' }, { call: { confinement, ...call } });
  const around = readdirSync(dirname(workspace)).filter((name) => name !== 'spool');
  return { outcome, around };
}

const untouched = () => {
  const { workspace } = fixture;
  expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).toBe('mine');
  expect(readFileSync(join(workspace, 'hidden'), 'utf8')).toBe('hidden');
  expect(readdirSync(workspace).sort()).toEqual(['a.txt', 'hidden', 'leads-out', 'only-read']);
  expect(readdirSync(join(workspace, 'only-read'))).toEqual([]);
};

describeSandboxed('[WRK-19] a sandbox host that is not trusted', () => {
  test.each([
    ['outside', 'may not be written'],
    ['detour', 'without detours'],
    ['not for writing', 'may not be written'],
    ['hidden', 'may not be written'],
    ['other content', 'another content'],
    ['too short', 'ended early'],
    ['leading out', 'leads out'],
    ['through a link', 'is in no folder'],
    ['through what is here', 'is in no folder'],
    ['folder around what is guarded', 'around something guarded'],
    ['link around what is guarded', 'around something guarded'],
    ['another name', 'another name for'],
    ['another name around', 'another name for'],
    ['all gone', 'where what was granted begins'],
    ['file for folder', 'where what was granted begins'],
    ['link for folder', 'where what was granted begins'],
    ['no mode', 'mode'],
    ['twice', 'said twice'],
    ['gone that never was', 'never was there'],
    ['no number', 'entries'],
    ['no JSON', 'JSON'],
    ['so many', 'more than'],
    ['silence', 'nothing for too long'],
  ])('that lies about what changed (%s) is not believed: nothing is written, and the call fails', async (lie, why) => {
    const { outcome, around } = await withHost(lie);
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'remote_fault', message: expect.stringContaining(why) as string },
    });
    expect(around.sort()).toEqual(['data', 'workers', 'workspace']);
    untouched();
  });

  test('that names more than may be carried gets nothing of it written', async () => {
    const { outcome } = await withHost('huge');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'too_large' } });
    untouched();
  });

  test('that says more changes than there can be is not listened to', async () => {
    const { outcome } = await withHost('many');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'too_large', message: expect.stringContaining('changed more than') as string },
    });
    untouched();
  });

  test('that sends a byte now and then when it is to start something is not waited for', async () => {
    const { outcome } = await withHost('trickle at the start', {}, { startMs: 1_500, silenceMs: 20_000 });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'no_sandbox', message: expect.stringContaining('took too long') as string },
    });
  });

  test('that never says what something has used is not waited for: who counts it ends the call', async () => {
    const limits = { cpuMs: 60_000, memoryBytes: 1024 ** 3 };
    const { outcome } = await withHost('honest, but for what was used', { limits });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'worker_died' } });
    untouched();
  });

  test('that gives its program a name which leads elsewhere is refused before anything is asked of it', async () => {
    const { outcome } = await withHost('odd name');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'no_sandbox', message: expect.stringContaining('does not fit') as string },
    });
  });

  test('that never says that something has ended is not waited for', async () => {
    const { outcome } = await withHost('honest, but for the end');
    expect(outcome).toEqual({ ok: true, output: { text: 'done' } });
    // The end of the runner asks the worker to end; the fixture would hang otherwise.
    await fixture.runner.close();
    untouched();
  });
});
