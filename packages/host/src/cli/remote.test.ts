import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder } from '../../test/cli-place.ts';
import { sandboxHostCommand } from '../../test/remote-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';
import { tryCli } from './testing.ts';

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
    - { id: mark, run: cat a.txt >b.txt; env >seen.txt }
`;

/** The other machine is set up by the person; the workspace wants it for all workers. */
function placeWith(command: readonly string[]): TemporaryPlace {
  const place = temporaryPlace({
    'sample.yaml': WORKFLOW,
    'a.txt': 'here',
    'cadre.yaml': 'policy: { tiers: { builtIn: remote, signed: remote, unsigned: remote } }\n',
  });
  mkdirSync(join(place.home, 'config'), { recursive: true });
  writeFileSync(
    join(place.home, 'config/config.yaml'),
    `sandbox: { remote: { command: ${JSON.stringify(command)} } }\n`,
  );
  return place;
}

const RUN = ['run', './sample.yaml', '--yes'] as const;
const read = (place: TemporaryPlace, path: string) => readFileSync(join(place.folder, path), 'utf8');

describeSandboxed('[WRK-19] a workspace whose workers run on another machine', () => {
  test('runs there with the workers of that machine, and what they change is seen, kept and undone here', async () => {
    const far = emptyFolder();
    const place = placeWith(sandboxHostCommand(far));
    const ran = await place.cadreWith({ CADRE_SECRET_TOKEN: 'hush-hush', PLAIN: 'not granted' }, ...RUN);
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('warn ') as string });
    expect(ran.stdout).toContain('2 files created');
    expect(read(place, 'b.txt')).toBe('here');
    expect(read(place, 'seen.txt')).not.toMatch(/hush-hush|not granted|CADRE_SECRET/);
    expect((await place.cadre('undo', 'last', '--yes')).code).toBe(0);
    expect(existsSync(join(place.folder, 'b.txt'))).toBe(false);
    // Both commands have ended, and with them what they had started there.
    expect(readdirSync(join(far, 'connections'))).toEqual([]);
  });

  test('doctor says what there is there, and what it does not stop', async () => {
    const place = placeWith(sandboxHostCommand(emptyFolder()));
    const { stdout } = await place.cadre('doctor');
    expect(stdout).toMatch(
      /remote +(enforced|partial) by bubblewrap on another machine.*sees all that is sent there/,
    );
    expect(stdout).toContain('built-in workers need tier 4 (remote) and run');
  });

  test('where it cannot be reached nothing is run in a weaker tier, and both commands say why', async () => {
    const place = placeWith(['sh', '-c', 'echo no route to box.example.org >&2; exit 255']);
    const ran = await place.cadre(...RUN);
    expect(ran.code).toBe(4);
    expect(ran.stdout + ran.stderr).toMatch(/needs tier 4 \(remote\).*no route to box.example.org/);
    expect(existsSync(join(place.folder, 'b.txt'))).toBe(false);
    const { stdout } = await place.cadre('doctor');
    expect(stdout).toMatch(/remote +tier 4 is not to be had: .*no route to box.example.org/);
    expect(stdout).toContain('built-in workers need tier 4 (remote) and are refused');
  });

  test('a repository does not decide by itself where its workers, and the files of the person, are sent', async () => {
    const place = placeWith(['true']);
    const touched = join(emptyFolder(), 'ran');
    place.write({ 'cadre.yaml': `sandbox: { remote: { command: [touch, ${touched}] } }\n` });
    const ran = await place.cadre(...RUN);
    expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('[not_trusted]') as string });
    expect(ran.stderr).toContain('are sent to whoever is reached by the program');
    expect(existsSync(touched)).toBe(false);
  });

  test('whoever starts the host at a terminal is told what it is for', async () => {
    const tried = await tryCli(['sandbox-host'], { cwd: emptyFolder(), env: {}, answers: [] });
    expect(tried).toMatchObject({ code: 2, stderr: expect.stringContaining('not for a terminal') as string });
  });
});
