import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Failure } from '@cadre/sdk';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Offer } from '../../ports/packages.ts';
import { createRegistry } from '../registry.ts';
import { describeWorker } from './describe-package.ts';
import { type InstallOptions, installPackage } from './install-package.ts';
import { listPackageFiles } from './list-package-files.ts';
import { digestOf, type PackageIndex, parseIndex } from './package-index.ts';
import { keyIdOf, openSigningKey, publicText, signDigest } from './signing-key.ts';
import { openTrustedSigners } from './trusted-signers.ts';
import { unpackArchive } from './unpack-archive.ts';
import { readWorkerLock } from './worker-lock.ts';
import { writeArchive } from './write-archive.ts';

let root: string;
let workspace: string;
let home: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-packages-'));
  workspace = join(root, 'workspace');
  home = join(root, 'home');
  await mkdir(workspace);
  await mkdir(home);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const MAIN = 'export default 1;\n';

interface Made {
  readonly version?: string;
  readonly permissions?: readonly string[];
  readonly extra?: string;
  readonly more?: Readonly<Record<string, string>>;
}

async function source({
  version = '1.0.0',
  permissions = [],
  extra = '',
  more = {},
}: Made = {}): Promise<string> {
  const folder = await mkdtemp(join(root, 'source-'));
  const files = {
    'main.js': MAIN,
    'worker.yaml': `id: greeter
version: ${version}
licence: MIT
engines: { cadre: '>=0.1.0' }
capabilities: [actions]
permissions: ${JSON.stringify(permissions)}
entrypoint: main.js
actions:
  - { name: greet, description: Says hello, effects: [none], input: { type: object }, output: { type: object } }
${extra}`,
    ...more,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;

async function packed(made: Made = {}, signed: typeof key | 'nobody' = key): Promise<string> {
  const folder = await source(made);
  const index: PackageIndex = {
    format: 1,
    id: 'greeter',
    version: made.version ?? '1.0.0',
    files: await listPackageFiles(folder),
  };
  const archive = join(root, `${Math.random()}.tgz`);
  await writeArchive(
    archive,
    folder,
    index,
    signed === 'nobody' ? undefined : signDigest(digestOf(index), signed),
  );
  return archive;
}

describe('a package', () => {
  test('[WRK-6] is the same bytes for the same content, whenever it is made', async () => {
    const [one, other] = await Promise.all([packed(), packed()]);
    expect(readFileSync(one)).toEqual(readFileSync(other));
  });

  test('gives back exactly what went into it, with the bits of programs', async () => {
    const folder = await source({ more: { 'bin/tool': '#!/bin/sh\n' } });
    await chmod(join(folder, 'bin/tool'), 0o755);
    const index: PackageIndex = {
      format: 1,
      id: 'greeter',
      version: '1.0.0',
      files: await listPackageFiles(folder),
    };
    await writeArchive(join(root, 'a.tgz'), folder, index, undefined);
    const into = await mkdtemp(join(root, 'into-'));
    const unpacked = await unpackArchive(join(root, 'a.tgz'), into);
    expect(unpacked).toMatchObject({
      digest: digestOf(index),
      signer: undefined,
      index: { files: index.files },
    });
    expect(readFileSync(join(into, 'main.js'), 'utf8')).toBe(MAIN);
    expect((await stat(join(into, 'bin/tool'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(into, 'main.js'))).mode & 0o777).toBe(0o644);
    // What everybody has on their machine can read it.
    const listed = execFileSync('tar', ['-tzf', join(root, 'a.tgz')], { encoding: 'utf8' }).split('\n');
    expect(listed.slice(0, 3)).toEqual(['cadre-package.json', 'package/bin/tool', 'package/main.js']);
  });

  test('leaves out what git ignores, and refuses what looks like a secret and what is a link', async () => {
    const folder = await source({ more: { '.gitignore': 'build\n', 'build/x.js': '', 'debug.log': '' } });
    expect((await listPackageFiles(folder)).map(({ path }) => path)).toEqual(['main.js', 'worker.yaml']);
    await writeFile(join(folder, '.env.local'), 'TOKEN=1');
    await expect(listPackageFiles(folder)).rejects.toMatchObject({
      code: 'invalid_package',
      message: expect.stringContaining('.env.local'),
    });
    await rm(join(folder, '.env.local'));
    await symlink('/etc/passwd', join(folder, 'passwd'));
    await expect(listPackageFiles(folder)).rejects.toMatchObject({
      message: expect.stringContaining('passwd is no plain file'),
    });
  });

  test('holds what it depends on exactly as locked, and nothing that runs when it is installed', async () => {
    const lock = (one: object) =>
      JSON.stringify({
        packages: {
          '': {},
          'node_modules/left': { version: '1.2.0', ...one },
          'node_modules/tool': { version: '1.0.0', dev: true },
        },
      });
    const folder = await source({
      more: {
        'package.json': JSON.stringify({ dependencies: { left: '^1.0.0' } }),
        'package-lock.json': lock({}),
        'node_modules/left/package.json': JSON.stringify({ version: '1.2.0' }),
        'node_modules/left/index.js': 'left',
        'node_modules/tool/package.json': JSON.stringify({ version: '1.0.0' }),
      },
    });
    const paths = async () => (await listPackageFiles(folder)).map(({ path }) => path);
    expect(await paths()).toContain('node_modules/left/index.js');
    expect(await paths()).not.toContain('node_modules/tool/package.json');
    await writeFile(join(folder, 'node_modules/left/package.json'), JSON.stringify({ version: '1.3.0' }));
    await expect(paths()).rejects.toMatchObject({
      message: expect.stringContaining('installed as 1.3.0 and locked as 1.2.0'),
    });
    await writeFile(join(folder, 'package-lock.json'), lock({ hasInstallScript: true }));
    await expect(paths()).rejects.toMatchObject({ message: expect.stringContaining('runs a script') });
    await rm(join(folder, 'package-lock.json'));
    await expect(paths()).rejects.toMatchObject({ hint: expect.stringContaining('package-lock') });
  });
});

interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly type?: 'symlink' | 'link' | 'directory' | 'character-device' | 'fifo';
  readonly linkname?: string;
}

async function archiveOf(entries: readonly Entry[]): Promise<string> {
  const file = join(root, `${Math.random()}.tgz`);
  const archive = pack();
  const written = pipeline(archive, createGzip(), createWriteStream(file));
  for (const { name, text = '', ...rest } of entries) archive.entry({ name, ...rest }, text);
  archive.finalize();
  await written;
  return file;
}

const OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const indexOf = (...paths: readonly string[]): Entry => ({
  name: 'cadre-package.json',
  text: JSON.stringify({
    format: 1,
    id: 'greeter',
    version: '1.0.0',
    files: paths.map((path) => ({ path, size: 0, sha256: OF_NOTHING })),
  }),
});

describe('[WRK-8] an archive that means harm', () => {
  test.each<[string, readonly Entry[], string]>([
    [
      'a name that leads out',
      [indexOf('../../evil'), { name: 'package/../../evil' }],
      'outside of the package',
    ],
    ['an absolute name', [indexOf('/etc/evil'), { name: 'package//etc/evil' }], 'absolute'],
    ['a name with backslashes', [indexOf('..\\evil')], 'mean something else'],
    ['a device of Windows', [indexOf('aux.js')], 'not every system'],
    ['a name that shows otherwise than it is', [indexOf('main\u202Esj.exe')], 'mean something else'],
    [
      'a file that the index does not name',
      [indexOf('a'), { name: 'package/a' }, { name: 'package/b' }],
      'its index does not name',
    ],
    ['a file twice', [indexOf('a'), { name: 'package/a' }, { name: 'package/a' }], 'twice'],
    ['two names that are one on some systems', [indexOf('Main.js', 'main.js')], 'twice'],
    ['a file that is also a folder', [indexOf('a', 'a/b')], 'a file and a folder'],
    [
      'a symbolic link',
      [indexOf('a'), { name: 'package/a', type: 'symlink', linkname: '/etc/passwd' }],
      'is a symlink',
    ],
    [
      'a hard link',
      [indexOf('a'), { name: 'package/a', type: 'link', linkname: '/etc/passwd' }],
      'is a link',
    ],
    ['a device', [indexOf('a'), { name: 'package/a', type: 'character-device' }], 'is a character-device'],
    ['a fifo', [indexOf('a'), { name: 'package/a', type: 'fifo' }], 'is a fifo'],
    ['a folder by itself', [indexOf('a'), { name: 'package/a', type: 'directory' }], 'is a directory'],
    ['no index', [{ name: 'package/main.js' }], 'does not begin with'],
    [
      'an index of another kind',
      [{ name: 'cadre-package.json', text: '{"format":2}' }],
      'its index is wrong',
    ],
    ['a file that is missing', [indexOf('a')], 'a is missing'],
    ['more than its index says', [indexOf('a'), { name: 'package/a', text: 'evil' }], 'has 4 bytes'],
    [
      'a signature that is none',
      [indexOf('a'), { name: 'cadre-signature.json', text: '{}' }],
      'signature cannot be read',
    ],
    ['nothing', [], 'it is empty'],
  ])('with %s is refused, and nothing lies outside of its folder', async (_, entries, reason) => {
    const archive = await archiveOf(entries);
    const into = await mkdtemp(join(root, 'into-'));
    await expect(unpackArchive(archive, into)).rejects.toMatchObject({
      code: 'invalid_package',
      message: expect.stringContaining(reason),
    });
    expect(existsSync(join(root, 'evil'))).toBe(false);
    expect((await readdir(root)).some((name) => name.includes('evil'))).toBe(false);
  });

  test('of which the content is not what its index says is refused', async () => {
    const text = JSON.stringify({
      format: 1,
      id: 'greeter',
      version: '1.0.0',
      files: [{ path: 'a', size: 4, sha256: OF_NOTHING }],
    });
    const archive = await archiveOf([
      { name: 'cadre-package.json', text },
      { name: 'package/a', text: 'evil' },
    ]);
    await expect(unpackArchive(archive, await mkdtemp(join(root, 'into-')))).rejects.toMatchObject({
      message: expect.stringContaining('the content of a'),
    });
  });

  test('that is small and unpacks to more than a package may have is broken off', async () => {
    const size = 300 * 2 ** 20;
    const text = JSON.stringify({
      format: 1,
      id: 'greeter',
      version: '1.0.0',
      files: [{ path: 'a', size, sha256: OF_NOTHING }],
    });
    expect(() => parseIndex(text)).toThrow(/size/);
    // Also one whose index is modest.
    const file = join(root, 'bomb.tgz');
    const archive = pack();
    const written = pipeline(archive, createGzip(), createWriteStream(file));
    archive.entry({ name: 'cadre-package.json' }, indexOf('a').text ?? '');
    const bomb = archive.entry({ name: 'package/a', size });
    const zeros = Buffer.alloc(2 ** 20);
    for (let at = 0; at < size; at += zeros.length)
      if (!bomb.write(zeros)) await new Promise<void>((resolve) => void bomb.once('drain', () => resolve()));
    bomb.end(undefined as never);
    archive.finalize();
    await written;
    expect((await stat(file)).size).toBeLessThan(2 ** 20);
    await expect(unpackArchive(file, await mkdtemp(join(root, 'into-')))).rejects.toMatchObject({
      code: 'invalid_package',
    });
  });

  test('that is cut off or no archive at all is damaged', async () => {
    const whole = readFileSync(await packed());
    for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.from('no archive'), Buffer.alloc(0)]) {
      await writeFile(join(root, 'cut.tgz'), bytes);
      await expect(
        unpackArchive(join(root, 'cut.tgz'), await mkdtemp(join(root, 'into-'))),
      ).rejects.toMatchObject({ code: 'invalid_package' });
    }
  });
});

describe('a signature', () => {
  test('of other content, of another purpose or by another key is wrong', async () => {
    const folder = await source();
    const index: PackageIndex = {
      format: 1,
      id: 'greeter',
      version: '1.0.0',
      files: await listPackageFiles(folder),
    };
    const good = signDigest(digestOf(index), key);
    const wrong = [
      signDigest('0'.repeat(64), key),
      { ...good, key: publicText(otherKey) },
      { ...good, signature: Buffer.alloc(64).toString('base64') },
      { ...good, key: Buffer.from('none').toString('base64') },
    ];
    for (const signature of wrong) {
      await writeArchive(join(root, 'a.tgz'), folder, index, signature);
      await expect(
        unpackArchive(join(root, 'a.tgz'), await mkdtemp(join(root, 'into-'))),
      ).rejects.toMatchObject({ message: expect.stringContaining('signature is wrong') });
    }
    await writeArchive(join(root, 'a.tgz'), folder, index, good);
    expect((await unpackArchive(join(root, 'a.tgz'), await mkdtemp(join(root, 'into-')))).signer?.keyId).toBe(
      keyIdOf(publicText(key)),
    );
  });

  test('is made with a key of the person, which nobody else can read', async () => {
    const file = join(home, 'keys/signing.pem');
    const [first, second] = [await openSigningKey(file), await openSigningKey(file)];
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(publicText(first.key)).toBe(publicText(second.key));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o644);
    await expect(openSigningKey(file)).rejects.toMatchObject({
      code: 'denied',
      hint: expect.stringContaining('chmod 600'),
    });
  });

  test('is trusted for the workers that its signer was trusted with', async () => {
    const signers = openTrustedSigners(join(home, 'signers.json'));
    const { keyId } = await signers.add({ key: publicText(key), name: 'Ann', workers: ['greet*'], since: 1 });
    expect(await signers.find(keyId, 'greeter')).toMatchObject({ name: 'Ann' });
    expect(await signers.find(keyId, 'git-extra')).toBeUndefined();
    await expect(
      signers.add({ key: publicText(otherKey), name: 'Ann', workers: ['*'], since: 1 }),
    ).rejects.toMatchObject({ code: 'exists' });
    await signers.remove('Ann');
    expect(await signers.list()).toEqual([]);
    await writeFile(
      join(home, 'signers.json'),
      JSON.stringify([{ keyId: 'x', key: publicText(key), name: 'Ann', workers: ['*'], since: 1 }]),
    );
    await expect(signers.list()).rejects.toMatchObject({ code: 'config_corrupt' });
  });
});

describe('[WRK-8] installing', () => {
  const registry = () =>
    createRegistry({ builtIn: join(root, 'built-in'), workspace, packages: join(home, 'packages') });

  async function install(archive: string, over: Partial<InstallOptions> = {}) {
    const offers: Offer[] = [];
    const noted: string[] = [];
    const outcome = await installPackage({
      archive,
      source: archive,
      root: workspace,
      folders: { worker: join(home, 'packages'), skill: join(home, 'skills') },
      signers: openTrustedSigners(join(home, 'signers.json')),
      present: registry()
        .list()
        .map(({ manifest }) => describeWorker(manifest)),
      builtIn: registry()
        .list()
        .flatMap(({ builtIn, manifest }) => (builtIn ? [manifest.id] : [])),
      cadre: '0.1.0',
      platform: 'linux',
      decide: async (offer) => {
        offers.push(offer);
        return true;
      },
      probe: async () => undefined,
      note: async (decision) => void noted.push(decision),
      ...over,
    });
    return { outcome, offers, noted };
  }

  const versions = () =>
    registry()
      .list()
      .map(({ manifest }) => manifest.version);
  const trust = () =>
    openTrustedSigners(join(home, 'signers.json')).add({
      key: publicText(key),
      name: 'Ann',
      workers: ['*'],
      since: 1,
    });
  const untouched = async () => {
    expect(versions()).toEqual([]);
    expect((await readWorkerLock(workspace)).state).toBeNull();
    expect(await readdir(join(home, 'packages'))).toEqual([]);
  };

  test('puts the package in its place and into the lock, once', async () => {
    const archive = await packed({ permissions: ['fs:read:.'] });
    const { outcome, offers, noted } = await install(archive);
    expect(outcome).toMatchObject({
      ok: true,
      isNew: true,
      installed: { id: 'greeter', signer: keyIdOf(publicText(key)) },
    });
    expect(offers[0]?.reasons).toEqual([
      'it is new here',
      expect.stringContaining('whom you do not trust yet'),
    ]);
    expect(noted).toEqual(['allowed']);
    expect(versions()).toEqual(['1.0.0']);
    expect((await install(archive)).outcome).toMatchObject({ ok: true, isNew: false });
    expect((await readWorkerLock(workspace)).packages).toHaveLength(1);
    // Its signer was not trusted, whatever the lock says.
    expect(registry().list()[0]?.signedBy).toBeUndefined();
  });

  test('[WRK-19] that a trusted signer has signed it is noted outside of the workspace', async () => {
    const { keyId } = await trust();
    await install(await packed());
    expect(registry().list()[0]?.signedBy).toBe(keyId);
  });

  test('changes nothing when it is declined, when it does not start, and when the lock cannot be written', async () => {
    const archive = await packed();
    expect((await install(archive, { decide: async () => false })).outcome).toMatchObject({ ok: false });
    await untouched();
    const failed: Failure = { code: 'worker_not_started', message: 'no', retryable: false };
    await expect(install(archive, { probe: async () => failed })).rejects.toMatchObject({
      code: 'work_failed',
    });
    await untouched();
    await writeFile(join(workspace, '.cadre'), 'in the way');
    await expect(install(archive)).rejects.toThrow();
    await rm(join(workspace, '.cadre'));
    await untouched();
  });

  test('says that the disk is full, and clears away what a killed process left', async () => {
    const archive = await packed();
    const left = join(home, 'packages/.staging-left');
    await mkdir(left, { recursive: true });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const note = () => Promise.reject(full);
    await expect(install(archive, { note })).rejects.toMatchObject({ code: 'disk_full' });
    await untouched();
    expect((await install(archive)).outcome.ok).toBe(true);
  });

  test('by a trusted signer an upgrade that wants no more is not asked about; one that wants more is', async () => {
    await trust();
    await install(await packed());
    expect((await install(await packed({ version: '1.0.1' }))).offers).toEqual([]);
    const wider = await install(await packed({ version: '2.0.0', permissions: ['shell:git'] }));
    expect(wider.offers[0]).toMatchObject({
      reasons: ['it wants to do more than the version before'],
      difference: { wider: ['greeter wants to run the program git'] },
    });
    // Side by side: what asks for version 1 still gets it.
    expect(versions()).toEqual(['2.0.0', '1.0.1', '1.0.0']);
    expect(registry().resolve('greeter/greet@^1').worker.manifest.version).toBe('1.0.1');
  });

  test('by somebody else than the version before is always asked about', async () => {
    await trust();
    await install(await packed());
    const { offers } = await install(await packed({ version: '1.0.1' }, otherKey));
    expect(offers[0]?.reasons).toEqual([
      expect.stringContaining('do not trust yet'),
      expect.stringContaining('version 1.0.0 was signed by'),
    ]);
    const unsigned = await install(await packed({ version: '1.0.2' }, 'nobody'));
    expect(unsigned.offers[0]?.reasons).toContain('nobody has signed it');
  });

  test('[WRK-3] a version that hides how much it changed is refused, unless an admin takes it', async () => {
    await install(await packed());
    const archive = await packed({ version: '1.0.1', permissions: ['net:*'] });
    await expect(install(archive)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('at least 2.0.0'),
    });
    expect(versions()).toEqual(['1.0.0']);
    const { outcome, offers } = await install(archive, { override: true });
    expect(outcome.ok).toBe(true);
    expect(offers[0]?.reasons).toContain('its version hides how much it changed');
  });

  test('other content under a version that is there is refused', async () => {
    await install(await packed());
    await expect(install(await packed({ more: { 'more.js': '1' } }))).rejects.toMatchObject({
      code: 'exists',
    });
  });

  test.each<[string, Made, Partial<InstallOptions>, string]>([
    ['wants another Cadre', {}, { cadre: '0.0.9' }, 'wants Cadre >=0.1.0'],
    ['is for another system', { extra: 'platforms: [win32]' }, {}, 'is for win32'],
    [
      'needs a skill that is not here',
      { extra: 'skills: { tone: { range: ^1 } }' },
      {},
      'there is no skill tone (worker greeter 1.0.0 → skill tone ^1)',
    ],
    [
      'needs a worker that is not here',
      { extra: 'dependencies: { other: ^1 }' },
      {},
      'there is no worker other (worker greeter 1.0.0 → worker other ^1)',
    ],
  ])('one that %s is refused', async (_, made, over, says) => {
    await expect(install(await packed(made), over)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining(says),
    });
    await untouched();
  });

  test('one with the name of a worker in the box is refused', async () => {
    await mkdir(join(root, 'built-in/greeter'), { recursive: true });
    await writeFile(
      join(root, 'built-in/greeter/worker.yaml'),
      readFileSync(join(await source(), 'worker.yaml')),
    );
    await expect(install(await packed())).rejects.toMatchObject({
      code: 'exists',
      message: expect.stringContaining('comes with Cadre'),
    });
  });

  test('a lock that names what is not installed here says what to do, and the locked content alone is taken', async () => {
    const archive = await packed();
    await install(archive);
    const [locked] = (await readWorkerLock(workspace)).packages;
    await rm(join(home, 'packages'), { recursive: true });
    expect(registry().problems()).toMatchObject([
      { problems: [{ suggestion: 'cadre worker add --locked' }] },
    ]);
    const other = await packed({ more: { 'more.js': '1' } });
    await expect(install(other, { expected: locked as never })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    });
    expect((await install(archive, { expected: locked as never })).outcome.ok).toBe(true);
    expect(registry().problems()).toEqual([]);
    await writeFile(join(workspace, '.cadre/workers.lock.json'), '{');
    expect(registry().problems()).toMatchObject([
      { problems: [{ message: expect.stringContaining('cannot be read') }] },
    ]);
  });
});
