import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { buildWorker } from '../../test/worker-fixture.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

let source: string;
beforeAll(async () => {
  source = mkdtempSync(join(tmpdir(), 'cadre-package-source-'));
  await buildWorker('thirsty', source);
});
afterAll(() => rmSync(source, { recursive: true, force: true }));

const PATIENT = 120_000;

/** The worker as it is, or with other words in its description. */
async function packed(
  place: TemporaryPlace,
  change: (text: string) => string = (text) => text,
  cadre: TemporaryPlace['cadre'] = place.cadre,
) {
  const manifest = join(source, 'worker.yaml');
  const before = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, change(before));
  try {
    const { code, stdout, stderr } = await cadre('worker', 'pack', source, '--json');
    if (code !== 0) throw new Error(stderr);
    return (
      JSON.parse(stdout) as { packed: { file: string; digest: string; keyId?: string; version: string } }
    ).packed;
  } finally {
    writeFileSync(manifest, before);
  }
}

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: drink }
spec:
  steps: [{ id: sip, uses: thirsty/spend, with: { parts: [] } }]
`;

describeSandboxed('packages of workers', () => {
  test(
    '[WRK-8] [WRK-6] from a folder to a worker that runs: packed, shown, agreed to, installed, used, removed',
    async () => {
      const place = temporaryPlace({ '.cadre/workflows/drink.yaml': WORKFLOW });
      const { file, digest, keyId, version } = await packed(place);
      expect(file).toBe(join(place.folder, `thirsty-${version}.tgz`));
      expect(await place.cadre('run', 'drink', '--yes')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('thirsty'),
      });

      const headless = await place.cadre('worker', 'add', file);
      expect(headless).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`--accept ${digest.slice(0, 16)}`),
      });
      expect(headless.stdout).toMatch(/It wants to\n/);
      expect(headless.stdout).toContain(`you (${keyId})`);
      expect(existsSync(join(place.folder, '.cadre/workers.lock.json'))).toBe(false);
      expect(await place.cadre('worker', 'add', file, '--accept', 'f'.repeat(16))).toMatchObject({ code: 4 });

      const added = await place.cadre('worker', 'add', file, '--accept', digest.slice(0, 16));
      expect(added).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`thirsty ${version} is installed`),
      });
      expect((await place.cadre('worker', 'list')).stdout).toMatch(/thirsty/);
      expect(await place.cadre('run', 'drink', '--yes')).toMatchObject({ code: 0 });

      const removed = await place.cadre('worker', 'remove', 'thirsty');
      expect(removed.stdout).toMatch(/removed thirsty/);
      expect(removed.stdout).toMatch(/still named in \.cadre\/workflows\/drink\.yaml:5/);
      expect(await place.cadre('worker', 'remove', 'thirsty')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('not installed'),
      });
      const { stdout } = await place.cadre('audit', 'export');
      const told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { operation: string; decision: string });
      expect(told.filter(({ operation }) => operation === 'add').map(({ decision }) => decision)).toEqual([
        'denied',
        'denied',
        'allowed',
      ]);
      expect(told.filter(({ operation }) => operation === 'remove')).toHaveLength(1);
      expect(await place.cadre('audit', 'verify')).toMatchObject({ code: 0 });
    },
    PATIENT,
  );

  test(
    'at the keyboard the offer is shown, and taken or declined',
    async () => {
      const place = temporaryPlace({});
      const { file } = await packed(place);
      expect(await place.cadreTyping([[/Install thirsty/, '\r']], 'worker', 'add', file)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('declined'),
      });
      expect(await place.cadreTyping([[/Install thirsty/, 'y']], 'worker', 'add', file)).toMatchObject({
        code: 0,
      });
    },
    PATIENT,
  );

  test(
    'whom one trusts is not asked about again, and an upgrade that wants more is',
    async () => {
      const place = temporaryPlace({});
      const home = mkdtempSync(join(tmpdir(), 'cadre-author-'));
      onTestFinished(() => rmSync(home, { recursive: true, force: true }));
      const author = (...argv: string[]) => place.cadreWith({ CADRE_HOME: home }, ...argv);
      const { stdout } = await author('worker', 'key', '--json');
      const { key } = JSON.parse(stdout) as { key: string };
      expect(await place.cadre('worker', 'trust', 'add', 'nonsense', 'ann')).toMatchObject({ code: 2 });
      expect(await place.cadre('worker', 'trust', 'add', key, 'ann')).toMatchObject({ code: 0 });
      expect((await place.cadre('worker', 'trust', 'list')).stdout).toMatch(/ann/);
      const first = await packed(place, undefined, author);
      expect(await place.cadre('worker', 'add', first.file, '--accept', first.digest)).toMatchObject({
        code: 0,
      });
      const step = (from: string, to: string) => (text: string) => text.replace(from, to);
      const patch = await packed(place, step(`version: ${first.version}`, 'version: 1.0.1'), author);
      expect(await place.cadre('worker', 'add', patch.file)).toMatchObject({ code: 0 });
      const more = (version: string) => (text: string) =>
        text
          .replace(`version: ${first.version}`, `version: ${version}`)
          .replace('["shell:sh"]', '["shell:sh", "net:*:443"]');
      const hiding = await packed(place, more('1.0.2'), author);
      expect(await place.cadre('worker', 'add', hiding.file)).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('at least 2.0.0'),
      });
      const wider = await packed(place, more('2.0.0'), author);
      const asked = await place.cadre('worker', 'add', wider.file);
      expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('wants to do more') });
      expect(asked.stdout).toMatch(/major\s+thirsty wants to connect to/);
      const difference = await place.cadre('worker', 'diff', first.file, hiding.file);
      expect(difference).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('has to be at least 2.0.0'),
      });
    },
    PATIENT,
  );

  test(
    'the lock brings the same content to another machine, over an address too, and nothing else',
    async () => {
      const place = temporaryPlace({});
      const { file, digest } = await packed(place);
      let served = readFileSync(file);
      const server = createServer((_, response) => void response.end(served)).listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await new Promise((resolve) => server.once('listening', resolve));
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/thirsty.tgz`;
      expect(await place.cadre('worker', 'add', address, '--accept', digest)).toMatchObject({ code: 0 });

      const elsewhere = (...argv: string[]) =>
        place.cadreWith({ CADRE_HOME: mkdtempSync(join(tmpdir(), 'cadre-other-')) }, ...argv);
      expect((await elsewhere('worker', 'list')).stdout).toMatch(
        /unusable thirsty .*cadre worker add --locked/s,
      );
      served = readFileSync(
        (await packed(place, (text) => text.replace('description: Uses', 'description: Other, uses'))).file,
      );
      expect(await elsewhere('worker', 'add', '--locked', '--accept', digest)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not what the lock'),
      });
      await server.close();
      renameSync(file, `${file}.old`);
      expect(await elsewhere('worker', 'add', '--locked')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('cannot be reached'),
      });
    },
    PATIENT,
  );

  test(
    '[WRK-4] a run goes on with the version that it began with, which stays until it is over',
    async () => {
      const waiting = WORKFLOW.replace(
        'steps: [',
        'steps: [{ id: first, uses: thirsty/spend, with: { parts: [] } }, { id: ask, approval: { prompt: "Go on?" } }, ',
      );
      const place = temporaryPlace({ '.cadre/workflows/drink.yaml': waiting });
      const one = await packed(place);
      await place.cadre('worker', 'add', one.file, '--accept', one.digest);
      expect((await place.cadre('run', 'drink')).code).toBeLessThan(126);
      const two = await packed(place, (text) => text.replace(`version: ${one.version}`, 'version: 2.0.0'));
      expect(await place.cadre('worker', 'add', two.file, '--accept', two.digest)).toMatchObject({ code: 0 });
      expect(await place.cadre('worker', 'remove', `thirsty@${one.version}`)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('used by runs'),
      });
      const { stdout } = await place.cadre('show', 'last', '--events', '--json');
      const [created] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { workers?: object });
      expect(created?.workers).toEqual({ thirsty: one.version });
    },
    PATIENT,
  );

  test(
    'a catalogue is found by name and range, on a disk and behind a server, and a bundle brings all to an island',
    async () => {
      const place = temporaryPlace({});
      const one = await packed(place);
      const two = await packed(place, (text) => text.replace(`version: ${one.version}`, 'version: 2.0.0'));
      const catalogue = join(place.folder, 'catalogue');
      expect(await place.cadre('worker', 'publish', one.file, two.file, '--to', 'catalogue')).toMatchObject({
        code: 0,
      });
      const other = await packed(place, (text) =>
        text.replace('description: Uses', 'description: Other, uses'),
      );
      expect(await place.cadre('worker', 'publish', other.file, '--to', 'catalogue')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('with other content'),
      });
      expect(await place.cadre('worker', 'add', 'thirsty')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('no catalogue'),
      });
      expect(await place.cadre('worker', 'add', 'thirtsy', '--from', 'catalogue')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('thirsty'),
      });
      expect(await place.cadre('worker', 'add', 'thirsty@^3', '--from', 'catalogue')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`${one.version}, 2.0.0`),
      });
      // Whoever may write there does not choose what is installed under a name.
      const [listed] = readdirSync(catalogue).filter((name) => name.includes('2.0.0'));
      const kept = readFileSync(join(catalogue, listed ?? ''));
      copyFileSync(one.file, join(catalogue, listed ?? ''));
      expect(await place.cadre('worker', 'add', 'thirsty@^2', '--from', 'catalogue')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is not what its catalogue says'),
      });
      writeFileSync(join(catalogue, listed ?? ''), kept);

      const server = createServer((request, response) => {
        const file = join(
          catalogue,
          new URL(request.url ?? '', 'http://x').pathname.replace('/workers/', ''),
        );
        if (existsSync(file)) response.end(readFileSync(file));
        else response.writeHead(404).end();
      }).listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await new Promise((resolve) => server.once('listening', resolve));
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/workers`;
      place.write({ 'cadre.yaml': `packages: { catalogues: [nowhere, "${address}"] }\n` });
      expect(await place.cadre('worker', 'add', 'thirsty@^1', '--accept', one.digest)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`thirsty ${one.version}`),
      });
      expect(readFileSync(join(place.folder, '.cadre/workers.lock.json'), 'utf8')).toContain(
        `${address}/thirsty-${one.version}.tgz`,
      );

      expect(await place.cadre('worker', 'bundle', '--to', 'stick')).toMatchObject({ code: 0 });
      await new Promise((resolve) => server.close(resolve));
      const island = mkdtempSync(join(tmpdir(), 'cadre-island-'));
      onTestFinished(() => rmSync(island, { recursive: true, force: true }));
      expect(
        await place.cadreWith(
          { CADRE_HOME: island },
          'worker',
          'add',
          '--locked',
          '--from',
          'stick',
          '--accept',
          one.digest,
        ),
      ).toMatchObject({ code: 0 });
      expect((await place.cadreWith({ CADRE_HOME: island }, 'worker', 'list')).stdout).toMatch(
        new RegExp(`thirsty +${one.version.replaceAll('.', '\\.')} +package`),
      );
    },
    PATIENT,
  );
});
