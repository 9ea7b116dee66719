import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeContained } from '../../../test/contained.ts';
import { containersOf, containerWorld, PATIENCE_MS, run } from './testing/container-world.ts';

let world: Awaited<ReturnType<typeof containerWorld>>;
beforeAll(async () => {
  world = await containerWorld();
});
afterAll(() => world.remove());

describeContained('[WRK-19] containers of a Cadre that was killed', () => {
  let killed: ChildProcess;
  const starter = join(import.meta.dirname, 'testing/start-container.ts');
  beforeEach(async () => {
    killed = spawn(process.execPath, [starter, world.workspace], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout ?? killed, 'data');
  });
  afterEach(() => killed.kill('SIGKILL'));
  const its = () =>
    containersOf('label=cadre.space').then((names) =>
      names.filter((name) => name.includes(`-${killed.pid}-`)),
    );

  test('end with it', async () => {
    expect(await its()).toHaveLength(1);
    killed.kill('SIGKILL');
    await expect.poll(its, { timeout: PATIENCE_MS, interval: 200 }).toEqual([]);
  });

  test('are removed at the next start where they did not; those of one that lives stay', async () => {
    const [living = ''] = await its();
    const labels = ['--label', `cadre.space=${await spaceOf(living)}`];
    const { stdout: image } = await run('podman', ['inspect', '--format', '{{.ImageName}}', living]);
    await run('podman', [
      'create',
      '--name',
      `cadre-999999999-1-${process.pid}`,
      ...labels,
      '--network',
      'none',
      image.trim(),
      '/x',
    ]);
    await world.open().probe();
    expect(await containersOf(`name=cadre-999999999-1-${process.pid}`)).toEqual([]);
    expect(await its()).toEqual([living]);
  });
});

async function spaceOf(name: string): Promise<string> {
  const { stdout } = await run('podman', [
    'inspect',
    '--format',
    '{{index .Config.Labels "cadre.space"}}',
    name,
  ]);
  return stdout.trim();
}
