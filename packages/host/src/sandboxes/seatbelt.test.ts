import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLimits } from './box-limits.ts';
import { findSeatbelt } from './find-seatbelt.ts';
import type { Seatbelt } from './seatbelt.ts';
import { wrapInSeatbelt } from './seatbelt.ts';
import { startWrapped } from './start-wrapped.ts';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'cadre-seatbelt-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** In the place of `sandbox-exec`: takes its arguments, keeps the profile, and goes on as `rest` says. */
async function standIn(rest: string): Promise<string> {
  const program = join(root, 'sandbox-exec');
  await writeFile(
    program,
    `#!/bin/sh
if [ "$1" != -p ] || [ "$3" != -- ]; then echo "unknown argument" >&2; exit 64; fi
printf '%s' "$2" >'${root}/profile'
shift 3
${rest}
`,
  );
  await chmod(program, 0o755);
  return program;
}

const find = (program: string) =>
  findSeatbelt({ workspace: root, environment: process.env, limits: defaultLimits(), program });

const described = (program: string): Seatbelt => ({
  program,
  toolchains: { folders: [], env: {} },
  gitSettings: '[user]\n',
  environment: { PATH: '/usr/bin:/bin', TOKEN: 'of the host' },
  limits: defaultLimits(),
});

describe('Seatbelt', () => {
  test('[WRK-20] counts as far as it was tried: where all of the probe is kept out, partly, with what is missing', async () => {
    // What a sandbox does that holds: it lets the shell come to its end, and nothing of what it tries.
    const { report, seatbelt } = await find(await standIn('echo done'));
    expect(seatbelt).toBeDefined();
    expect(report).toMatchObject({ level: 'partial', mechanism: 'seatbelt' });
    expect(report.missing).toContain('memory is not limited on macOS');
  });

  test('[WRK-20] one that lets everything through is found out by what it lets through', async () => {
    const { report, seatbelt } = await find(await standIn('exec "$@"'));
    expect(seatbelt).toBeUndefined();
    expect(report).toMatchObject({ level: 'advisory', mechanism: 'none' });
    for (const hole of ['can be read', 'can be written', 'programs that nobody', 'network can be reached']) {
      expect(report.missing[0]).toContain(hole);
    }
    expect(report.missing[0]).not.toContain('Node does not start');
  });

  test('[WRK-20] one that writes in secret, that does not start Node, or does not start at all, does not count', async () => {
    const secret = await find(await standIn('echo done; : >"$5/written"'));
    expect(secret.report).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('can be written')],
    });
    const nodeless = await find(await standIn('echo no-node; echo done'));
    expect(nodeless.report.missing[0]).toContain('Node does not start inside');
    const broken = await find(await standIn('echo "sandbox_apply: Operation not permitted" >&2; exit 71'));
    expect(broken.report).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('Operation not permitted')],
    });
    const missing = await find(join(root, 'none'));
    expect(missing.report.missing[0]).toContain('there is no');
  });

  test('[WRK-19] starts a command with the small environment, a home of its own, and a profile of what is granted', async () => {
    const program = await standIn('exec "$@"');
    const work = join(root, 'work');
    await mkdir(join(work, '.env'), { recursive: true });
    const script = join(root, 'tool');
    await writeFile(script, '#!/usr/bin/env sh\nenv; : >"$HOME/here"; cat "$HOME/.gitconfig"\n');
    await chmod(script, 0o755);
    const wrapped = await wrapInSeatbelt(described(program), [script], {
      confinement: {
        readable: [],
        writable: [work],
        hidden: [join(work, '.env')],
        programs: ['cat', 'no-such'],
        hosts: [],
      },
      cwd: work,
      env: { GIVEN: 'to it' },
      installed: [script],
      proxySocket: join(root, 'proxy.sock'),
    });
    expect(Object.keys(wrapped.env)).not.toContain('TOKEN');
    const { HOME: home = '' } = wrapped.env;
    const child = startWrapped(wrapped);
    const [printed, { code }] = await Promise.all([text(child.stdout), child.ended]);
    expect(code).toBe(0);
    expect(printed).toContain('GIVEN=to it');
    expect(printed).toContain(`CADRE_PROXY_SOCKET=${join(root, 'proxy.sock')}`);
    expect(printed).not.toContain('of the host');
    expect(printed).toContain('[user]');
    expect(existsSync(home)).toBe(false);

    const profile = readFileSync(join(root, 'profile'), 'utf8');
    expect(profile).toContain(`(subpath "${work}")`);
    expect(profile).toContain(
      `(deny file-read* file-write* file-map-executable process-exec\n  (subpath "${work}/.env"))`,
    );
    expect(profile).toMatch(/\(allow process-exec\n(.*\n)*? {2}\(literal "\/usr\/bin\/env"\)/);
    expect(profile).toMatch(/\(literal "(\/usr)?\/bin\/cat"\)/);
    expect(profile).not.toContain('no-such');
    expect(profile).not.toContain('GIVEN');
  });

  test('a path that cannot stand in a profile is refused, and nothing is left', async () => {
    const bad = wrapInSeatbelt(described(await standIn('exec "$@"')), ['/bin/sh'], {
      confinement: { readable: ['/w\n(allow default)'], writable: [], hidden: [], programs: [], hosts: [] },
      cwd: root,
      env: {},
      installed: [],
    });
    await expect(bad).rejects.toMatchObject({ code: 'no_sandbox' });
  });
});
