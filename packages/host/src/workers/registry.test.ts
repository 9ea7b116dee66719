import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCadreError } from '@cadre/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from './registry.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-registry-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function add(folder: string, id: string, version: string, extra = ''): Promise<void> {
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(
    join(root, folder, 'worker.yaml'),
    `id: ${id}
version: ${version}
capabilities: [actions]
permissions: []
entrypoint: main.js
actions:
  - { name: commit, description: x, effects: [none], input: { type: object }, output: {} }
  - { name: push, description: x, effects: [none], input: { type: object }, output: {} }
${extra}`,
  );
}

const registry = () => createRegistry({ builtIn: join(root, 'built-in'), workspace: join(root, 'ws') });

function refusalOf(uses: string): { code: string; message: string; hint: string | undefined } {
  try {
    registry().resolve(uses);
  } catch (error) {
    if (isCadreError(error)) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error(`${uses} was found`);
}

describe('the registry', () => {
  test('finds the workers in the box and those of the workspace', async () => {
    await add('built-in/git', 'git', '1.2.0');
    await add('ws/.cadre/workers/mine', 'mine', '0.1.0');
    expect(
      registry()
        .list()
        .map(({ manifest, builtIn }) => [manifest.id, builtIn]),
    ).toEqual([
      ['git', true],
      ['mine', false],
    ]);
    expect(registry().resolve('git/commit')).toMatchObject({
      worker: { builtIn: true },
      action: { name: 'commit' },
    });
  });

  test('the hash follows the manifest', async () => {
    await add('built-in/git', 'git', '1.2.0');
    const before = registry().resolve('git/commit').worker.hash;
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    await add('built-in/git', 'git', '1.2.0', 'tags: [x]');
    expect(registry().resolve('git/commit').worker.hash).not.toBe(before);
  });

  test('[WRK-16] of sources in the workspace it follows their code too, and of nothing else', async () => {
    await add('built-in/git', 'git', '1.2.0');
    await add('ws/.cadre/workers/mine', 'mine', '0.1.0');
    const code = join(root, 'ws/.cadre/workers/mine/main.js');
    const hashes = () => ['git', 'mine'].map((id) => registry().resolve(`${id}/commit`).worker.hash);
    await writeFile(code, 'one');
    const [builtIn, before] = hashes();
    await utimes(code, 1, 1);
    expect(hashes()).toEqual([builtIn, before]);
    await writeFile(join(root, 'built-in/git/main.js'), 'another');
    await writeFile(code, 'two');
    const [same, after] = hashes();
    expect(same).toBe(builtIn);
    expect(after).not.toBe(before);
    await writeFile(code, 'one');
    expect(hashes()).toEqual([builtIn, before]);
    await chmod(code, 0o755);
    expect(hashes()[1]).not.toBe(before);
    await chmod(code, 0o644);
    for (const folder of ['coverage', '.git', 'node_modules/other']) {
      const before = hashes()[1];
      await mkdir(join(code, '..', folder), { recursive: true });
      await writeFile(join(code, '..', folder, 'x.js'), 'hidden');
      expect(hashes()[1], folder).not.toBe(before);
    }
  });

  test('[WRK-4] two versions stand side by side, and a range chooses', async () => {
    await add('ws/.cadre/workers/mine@1', 'mine', '1.4.0');
    await add('ws/.cadre/workers/mine@2', 'mine', '2.0.0');
    const version = (uses: string) => registry().resolve(uses).worker.manifest.version;
    expect(version('mine/commit')).toBe('2.0.0');
    expect(version('mine/commit@^1')).toBe('1.4.0');
    expect(version('mine/commit@1.4.0')).toBe('1.4.0');
    expect(refusalOf('mine/commit@^3')).toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('2.0.0, 1.4.0'),
    });
  });

  test('what is not there is refused with what was probably meant', async () => {
    await add('built-in/git', 'git', '1.2.0');
    expect(refusalOf('gti/commit')).toMatchObject({ code: 'not_found', hint: 'did you mean git?' });
    expect(refusalOf('git/comit')).toMatchObject({ code: 'not_found', hint: 'did you mean git/commit?' });
    expect(refusalOf('git')).toMatchObject({
      code: 'not_found',
      hint: expect.stringContaining('worker/action'),
    });
    expect(refusalOf('git/commit@newest')).toMatchObject({ code: 'not_found' });
    expect(refusalOf('../git/commit')).toMatchObject({ code: 'not_found' });
  });

  test('[WRK-7] a broken package harms no other and says why when it is wanted', async () => {
    await add('built-in/git', 'git', '1.2.0');
    await add('ws/.cadre/workers/bad', 'bad', 'one');
    await mkdir(join(root, 'ws/.cadre/workers/empty'));
    await add('ws/.cadre/workers/other', 'called-otherwise', '1.0.0');
    expect(
      registry()
        .list()
        .map(({ manifest }) => manifest.id),
    ).toEqual(['git']);
    expect(
      registry()
        .problems()
        .map(({ folder }) => folder.split('/').at(-1)),
    ).toEqual(['bad', 'empty', 'other']);
    expect(refusalOf('bad/commit')).toMatchObject({
      code: 'invalid_manifest',
      message: expect.stringContaining('semantic version'),
    });
  });

  test('[WRK-7] a package of the workspace cannot take the name of one in the box', async () => {
    await add('built-in/git', 'git', '1.2.0');
    await add('ws/.cadre/workers/git', 'git', '9.9.9');
    await add('ws/.cadre/workers/git@9', 'git', '9.9.9');
    expect(registry().resolve('git/commit').worker).toMatchObject({
      builtIn: true,
      manifest: { version: '1.2.0' },
    });
  });
});
