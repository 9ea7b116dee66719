import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseSkill } from '@cadre/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Offer } from '../../ports/packages.ts';
import { archiveFolder } from './as-archive.ts';
import { findInCatalogue, parseCatalogue, publish } from './catalogue.ts';
import { describeSkill } from './describe-package.ts';
import { type InstallOptions, installPackage } from './install-package.ts';
import { listPackageFiles } from './list-package-files.ts';
import { digestOf, type PackageIndex, parseIndex } from './package-index.ts';
import { publicText, signDigest } from './signing-key.ts';
import { openTrustedSigners } from './trusted-signers.ts';
import { unpackArchive } from './unpack-archive.ts';
import { readWorkerLock } from './worker-lock.ts';
import { writeArchive } from './write-archive.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-skill-packages-'));
  await mkdir(join(root, 'workspace'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const key = generateKeyPairSync('ed25519').privateKey;

const SKILL = `---
name: greeter
description: Use it to greet.
license: MIT
metadata:
  version: "1.0.0"
---

Say hello.
`;

const WORKER = `id: greeter
version: 1.0.0
licence: MIT
capabilities: [actions]
permissions: []
entrypoint: main.js
engines: { cadre: ">=0.1.0" }
actions:
  - { name: greet, description: Says hello, effects: [none], input: { type: object }, output: { type: object } }
`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await mkdtemp(join(root, 'source-')), 'greeter');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function packed(files: Readonly<Record<string, string>>): Promise<string> {
  const archive = join(root, `${Math.random()}.tgz`);
  await archiveFolder(await folderWith(files), archive, { sign: (digest) => signDigest(digest, key) });
  return archive;
}

const skill = (change = (text: string) => text, more = {}) => packed({ 'SKILL.md': change(SKILL), ...more });
const worker = () => packed({ 'worker.yaml': WORKER, 'main.js': '' });

async function install(archive: string, over: Partial<InstallOptions> = {}) {
  const offers: Offer[] = [];
  const started: string[] = [];
  const outcome = await installPackage({
    archive,
    source: archive,
    root: join(root, 'workspace'),
    folders: { worker: join(root, 'home/packages'), skill: join(root, 'home/skills') },
    signers: openTrustedSigners(join(root, 'home/signers.json')),
    present: [],
    builtIn: [],
    cadre: '0.1.0',
    platform: 'linux',
    decide: async (offer) => {
      offers.push(offer);
      return true;
    },
    probe: async ({ folder }) => {
      started.push(folder);
      return undefined;
    },
    note: async () => undefined,
    ...over,
  });
  return { outcome, offers, started };
}

const lockText = () => readFileSync(join(root, 'workspace/.cadre/workers.lock.json'), 'utf8');

test('[WRK-8] a worker and a skill of one name and version stand side by side; only the worker is started', async () => {
  const first = await install(await worker());
  expect(JSON.parse(lockText())).not.toHaveProperty('skills');
  const second = await install(await skill());
  expect([first.started.length, second.started.length]).toEqual([1, 0]);
  expect(second.offers).toMatchObject([{ kind: 'skill', id: 'greeter', before: undefined, scripts: [] }]);
  expect(
    (await readWorkerLock(join(root, 'workspace'))).packages.map(({ kind, id }) => `${kind} ${id}`),
  ).toEqual(['worker greeter', 'skill greeter']);
  expect(existsSync(join(root, 'home/packages/greeter@1.0.0/worker.yaml'))).toBe(true);
  expect(existsSync(join(root, 'home/skills/greeter@1.0.0/SKILL.md'))).toBe(true);
});

test('[FND-84] a catalogue has both under one name, and answers the kind that is asked for', async () => {
  const shelf = join(root, 'shelf');
  await publish([await worker(), await skill()], shelf);
  const entries = parseCatalogue(readFileSync(join(shelf, 'catalogue.json'), 'utf8'), shelf);
  const find = (kind: 'worker' | 'skill', id = 'greeter') =>
    findInCatalogue(entries, { kind, id, range: '^1' }, shelf);
  expect(find('worker').file).toBe('greeter-1.0.0.tgz');
  expect(find('skill').file).toBe('greeter@1.0.0.skill.tgz');
  expect(find('skill').digest).not.toBe(find('worker').digest);
  expect(() => find('skill', 'greter')).toThrow(/no skill greter/);
});

test('[WRK-8] the kind is part of what is signed', async () => {
  const folder = await folderWith({ 'SKILL.md': SKILL, 'worker.yaml': WORKER, 'main.js': '' });
  const files = await listPackageFiles(folder);
  const index: PackageIndex = { format: 1, id: 'greeter', version: '1.0.0', files };
  const asSkill: PackageIndex = { ...index, kind: 'skill' };
  const archive = join(root, 'both.tgz');
  await writeArchive(archive, folder, asSkill, signDigest(digestOf(index), key));
  await expect(unpackArchive(archive, await mkdtemp(join(root, 'into-')))).rejects.toMatchObject({
    message: expect.stringContaining('its signature is wrong'),
  });
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['no SKILL.md', { 'readme.md': 'x' }, 'there is no SKILL.md'],
  ['a wrong SKILL.md', { 'SKILL.md': '---\nname: greeter\nlicence: x\n---\n' }, '`description` is missing'],
  ['another name', { 'SKILL.md': SKILL.replace('name: greeter', 'name: other') }, 'expected greeter'],
  ['another version', { 'SKILL.md': SKILL.replace('1.0.0', '1.0.1') }, 'its SKILL.md greeter 1.0.1'],
  ['what is left out when it is packed', { 'SKILL.md': SKILL, 'debug.log': 'x' }, 'no part of a skill'],
])('[BOT-14] an archive that says that it is a skill and has %s is refused', async (_, files, reason) => {
  const folder = await folderWith(files);
  // As nobody of us would pack it.
  const all = await Promise.all(
    Object.keys(files).map(async (path) => {
      const text = readFileSync(join(folder, path));
      return { path, size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
    }),
  );
  const archive = join(root, 'odd.tgz');
  await writeArchive(
    archive,
    folder,
    { format: 1, kind: 'skill', id: 'greeter', version: '1.0.0', files: all },
    undefined,
  );
  await expect(install(archive)).rejects.toMatchObject({
    code: 'invalid_package',
    message: expect.stringContaining(reason),
  });
  expect((await readWorkerLock(join(root, 'workspace'))).state).toBeNull();
  expect(await readdir(join(root, 'home/packages'))).toEqual([]);
});

test('[BOT-14] an index of more than 10 MB is no skill’s, before a byte of it is unpacked', () => {
  const file = { path: 'a', size: 11 * 2 ** 20, sha256: '0'.repeat(64) };
  const text = (kind: object) =>
    JSON.stringify({ format: 1, ...kind, id: 'greeter', version: '1.0.0', files: [file] });
  expect(() => parseIndex(text({ kind: 'skill' }))).toThrow(/at most 10485760/);
  expect(parseIndex(text({}))).toMatchObject({ id: 'greeter' });
});

test('[WRK-8] whoever is trusted for some skills is asked about with others', async () => {
  const signers = openTrustedSigners(join(root, 'home/signers.json'));
  const trust = (workers: readonly string[]) =>
    signers.add({ key: publicText(key), name: 'Ann', workers, since: 1 });
  const reasons = async (present: InstallOptions['present'] = []) => {
    const archive = await skill((text) => text.replace('1.0.0', '1.0.1'));
    const offers: Offer[] = [];
    const decline = async (offer: Offer) => offers.push(offer) < 0;
    const { outcome } = await install(archive, { present, decide: decline });
    // Who is not asked gets it.
    expect(outcome.ok).toBe(offers.length === 0);
    return offers.flatMap((offer) => offer.reasons);
  };
  const folder = await folderWith({ 'SKILL.md': SKILL });
  const parsed = parseSkill(readFileSync(join(folder, 'SKILL.md'), 'utf8'));
  if (!parsed.ok) throw new Error('not read');
  const before = [describeSkill({ skill: parsed.skill, files: [] })];
  await trust(['greeter', 'skill:other-*']);
  expect(await reasons(before)).toEqual([expect.stringContaining('whom you do not trust yet')]);
  await trust(['skill:greet*']);
  expect(await reasons(before)).toEqual([]);
});
