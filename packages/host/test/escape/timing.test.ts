import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openUnlinked } from '../../src/gate/open-unlinked.ts';
import type { Gate } from '../../src/ports/gate.ts';
import { type GateFixture, gateFixture, PLAN } from '../gate-fixture.ts';
import { describeSandboxed } from '../sandboxed.ts';

const SECRET = 'what lies outside';
const ONLY_SUB = { permissionSets: [['fs:write:sub']] };

let fixture: GateFixture;
let gate: Gate;
let outside: string;
beforeEach(async () => {
  fixture = await gateFixture('escaper', 'polite');
  gate = fixture.newGate();
  outside = join(fixture.dataDir, '..', 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret.txt'), SECRET);
  await mkdir(join(fixture.workspace, 'sub'));
  await writeFile(join(fixture.workspace, 'sub/secret.txt'), 'what was granted');
});
afterEach(() => fixture.remove());

const readSub = () =>
  fixture.perform(
    gate,
    'escaper/alone',
    { way: 'read', path: join(fixture.workspace, 'sub/secret.txt') },
    ONLY_SUB,
  );

async function putLink(): Promise<void> {
  await rename(join(fixture.workspace, 'sub'), join(fixture.workspace, 'was-sub'));
  await symlink(outside, join(fixture.workspace, 'sub'));
}

describeSandboxed('what is put in the place of something that was granted', () => {
  test('[WRK-21] a granted folder that is a link by now is refused, and that is recorded', async () => {
    await putLink();
    const { outcome } = await readSub();
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'denied', message: /leads out of the workspace/ },
    });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'call',
        decision: 'denied',
        rule: expect.stringContaining('leads out'),
        action: 'alone',
      }),
    );
  });

  test('[WRK-21] what a warm process was given stays what it was, and the next call is looked at anew', async () => {
    expect((await readSub()).outcome).toEqual({ ok: true, output: { got: 'what was granted' } });
    await putLink();
    const { outcome } = await readSub();
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
  });

  test('[WRK-21] a plan copies no link that a worker has left, and shows where it leads and not what is there', async () => {
    const planted = await fixture.perform(gate, 'escaper/armed', {
      way: 'plant',
      path: 'planted',
      target: join(outside, 'secret.txt'),
    });
    expect(planted.outcome).toMatchObject({ ok: true, output: { got: null } });
    const shown = await fixture.perform(gate, 'polite/write', { files: { 'other.txt': 'x' } }, PLAN);
    expect(JSON.stringify([planted, shown])).not.toContain(SECRET);
  });
});

test('[WRK-21] Cadre itself opens nothing by way of a link that was put there between looking and opening', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cadre-test-'));
  try {
    await mkdir(join(root, 'tree/sub'), { recursive: true });
    await mkdir(join(root, 'away'));
    for (const place of ['tree/sub/file', 'away/file', 'tree/plain'])
      await writeFile(join(root, place), place);
    const tree = join(root, 'tree');
    const read = async (path: string) => {
      const file = await openUnlinked(tree, path);
      return file?.readFile('utf8').finally(() => file.close());
    };
    expect(await read('sub/file')).toBe('tree/sub/file');
    await rm(join(tree, 'plain'));
    await symlink(join(root, 'away/file'), join(tree, 'plain'));
    expect(await read('plain')).toBeUndefined();
    if (process.platform !== 'linux') return;
    await rename(join(tree, 'sub'), join(tree, 'was'));
    await symlink(join(root, 'away'), join(tree, 'sub'));
    expect(await read('sub/file')).toBeUndefined();
  } finally {
    await rm(root, { recursive: true });
  }
});
