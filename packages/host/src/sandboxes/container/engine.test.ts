import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeContained } from '../../../test/contained.ts';
import { runConfined } from '../run-confined.ts';
import { containerWorld, environment, PATIENCE_MS, run } from './testing/container-world.ts';

let world: Awaited<ReturnType<typeof containerWorld>>;
beforeAll(async () => {
  world = await containerWorld();
});
afterAll(() => world.remove());

describeContained('[WRK-19] an engine', () => {
  const wrapper = async (name: string, script: string) => {
    const engine = join(world.root, name);
    await writeFile(engine, `#!/bin/sh\n${script}\nexec podman "$@"\n`, { mode: 0o755 });
    return engine;
  };

  test('that is podman under the name of docker is podman', async () => {
    const engine = await wrapper('docker', '');
    expect(await world.open({ container: { engine } }).probe()).toMatchObject({ mechanism: 'podman' });
  });

  test('whose usual runtime starts nothing is told to use runc', async () => {
    const engine = await wrapper(
      'no-crun',
      `case " $* " in
         *" info "*) podman "$@" | sed 's/"name": "runc"/"name": "crun"/'; exit;;
         *" --runtime "*) ;;
         *" run "*) echo 'crun: hybrid groups' >&2; exit 126;;
       esac`,
    );
    const { level, notes } = await world.open({ container: { engine } }).probe();
    expect([level === 'advisory', notes?.[0]]).toEqual([false, expect.stringContaining('/runc, ')]);
  });

  test('that starts nothing gives way to the next one, unless it was named', async () => {
    const folder = join(world.root, 'engines');
    await mkdir(folder);
    await writeFile(join(folder, 'podman'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { stdout } = await run('which', ['podman']);
    await writeFile(join(folder, 'docker'), `#!/bin/sh\nexec ${stdout.trim()} "$@"\n`, { mode: 0o755 });
    const both = { environment: { ...environment, PATH: `${folder}:${process.env['PATH']}` } };
    expect(await world.open(both).probe()).toMatchObject({ mechanism: 'podman' });
    expect(await world.open({ ...both, container: { engine: 'podman' } }).probe()).toMatchObject({
      level: 'advisory',
    });
  });
});

describe('[WRK-20] where no container can be started', () => {
  const options = () => world.optionsWith({ writable: [] });

  test('it is said that there is no engine, or not the one that was named', async () => {
    const none = world.open({ environment: { PATH: '/nowhere' } });
    expect(await none.probe()).toMatchObject({
      level: 'advisory',
      mechanism: 'none',
      missing: ['neither podman nor docker is installed'],
    });
    await expect(none.start(['/bin/true'], options())).rejects.toMatchObject({ code: 'no_sandbox' });
    const named = world.open({ container: { engine: '/no/such/engine' } });
    expect(await named.probe()).toMatchObject({
      level: 'advisory',
      missing: ['/no/such/engine is not there'],
      hint: expect.stringContaining('sandbox.container.engine'),
    });
  });

  test('it is said that an engine answers nothing that can be understood', async () => {
    const engine = join(world.root, 'babbling');
    const script =
      '#!/bin/sh\ncase $1 in --version) echo Docker version 1.2.3;; *) echo "WARNING: {";; esac\n';
    await writeFile(engine, script, { mode: 0o755 });
    expect(await world.open({ container: { engine } }).probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('cannot be understood')],
    });
  });

  test('it is said that there is no room', async () => {
    const full = join(world.root, 'full');
    await writeFile(full, 'no folder');
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = full;
    try {
      const script = '#!/bin/sh\ncase $1 in --version) echo Docker version 1.2.3;; *) echo "{}";; esac\n';
      const engine = join(world.root, 'willing');
      await writeFile(engine, script, { mode: 0o755 });
      expect(await world.open({ container: { engine } }).probe()).toMatchObject({
        level: 'advisory',
        missing: [expect.stringContaining('ENOTDIR')],
      });
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  test('it is said what the engine said', async () => {
    const engine = join(world.root, 'broken');
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo Docker version 1.2.3 && exit\necho cannot connect to the service >&2; exit 1\n';
    await writeFile(engine, script, { mode: 0o755 });
    expect(await world.open({ container: { engine } }).probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('starts no container here: cannot connect to the service')],
    });
  });
});

describeContained('[WRK-19] an image of a person', () => {
  test('is never fetched', async () => {
    const image = 'registry.invalid/cadre/none:1';
    expect(await world.open({ container: { image } }).probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining(`there is no image ${image} here, and Cadre fetches none`)],
    });
  });

  test('takes the place of the programs of this machine', async () => {
    const image = `localhost/cadre-test-${process.pid}:1`;
    const folder = join(world.root, 'image');
    await mkdir(join(folder, 'usr'), { recursive: true });
    for (const name of ['bin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(folder, name));
    await writeFile(join(folder, 'of-the-image'), 'here');
    // Programs of this machine, for want of others: what is tested is whose files they are.
    const libraries = join(world.root, 'libraries.tar');
    await run('tar', ['-C', folder, '-cf', libraries, '.']);
    await run('tar', ['-rhf', libraries, '-C', '/', ...(await neededBy('/usr/bin/dash', '/usr/bin/cat'))]);
    await run('podman', ['import', libraries, image]);
    try {
      const sandbox = world.open({ container: { image } });
      expect(await sandbox.probe()).toMatchObject({
        notes: expect.arrayContaining([`programs of the image ${image}`]),
      });
      const { stdout } = await runConfined(
        sandbox,
        [
          '/bin/sh',
          '-c',
          '/usr/bin/cat /of-the-image; echo; echo /usr/bin/*; (echo x >/y) 2>/dev/null || echo closed',
        ],
        world.optionsWith(),
        PATIENCE_MS,
      );
      expect(stdout).toBe('here\n/usr/bin/cat /usr/bin/dash /usr/bin/sh\nclosed\n');
    } finally {
      await run('podman', ['image', 'rm', image]);
    }
  });
});

/** Programs with the libraries that the system's loader finds for them, relative to the root, and the shell by its usual name. */
async function neededBy(...programs: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(programs.map(async (program) => (await run('ldd', [program])).stdout));
  const libraries = found.join('\n').match(/\/\S+/g) ?? [];
  const paths = [...programs, '/usr/bin/sh', ...libraries].map((path) => path.replace(/^\/(usr\/)?/, 'usr/'));
  return [...new Set(paths)];
}
