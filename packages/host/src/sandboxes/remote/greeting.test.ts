import { afterEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../cli/version.ts';
import { openRemoteSandbox } from './open-remote-sandbox.ts';

const options = {
  tier: 'remote',
  confinement: { readable: [], writable: [], hidden: [], programs: [], hosts: [] },
  cwd: '/',
  env: {},
  installed: [],
} as const;

const opened: ReturnType<typeof openRemoteSandbox>[] = [];
afterEach(async () => {
  for (const sandbox of opened.splice(0)) await sandbox.close?.();
});

function reaching(command: readonly string[], greetMs = 20_000) {
  const sandbox = openRemoteSandbox({
    command,
    version: VERSION,
    workspace: '/',
    folder: '/nowhere',
    environment: { PATH: process.env['PATH'] },
    limits: {},
    carried: { files: 1, bytes: 1 },
    times: { greetMs },
  });
  opened.push(sandbox);
  return sandbox;
}

const saying = (text: string) => reaching(['sh', '-c', `printf '%s\\n' "$0"; cat >/dev/null`, text]);
const greeting = (changes: object) =>
  `cadre-sandbox-host ${JSON.stringify({ protocol: 1, version: VERSION, ...changes })}`;

describe('[WRK-19] what is reached instead of a sandbox host', () => {
  test.each([
    ['Welcome to box.example.org!', 'remote_unreachable', /it said "Welcome to box.example.org!"/],
    ['cadre-sandbox-host {', 'incompatible', /Cadre undefined/],
    [
      greeting({ version: '9.9.9' }),
      'incompatible',
      /Cadre 9\.9\.9 \(protocol 1\), and this is Cadre \S+ \(protocol 1\)/,
    ],
    [greeting({ protocol: 7 }), 'incompatible', /\(protocol 7\), and this is Cadre \S+ \(protocol 1\)/],
    [greeting({ version: '\u202e1' }), 'incompatible', /Cadre \\u\{202e\}1/],
    [greeting({ report: { level: 'perfect' } }), 'incompatible', /nobody understands/],
    ['x'.repeat(100_000), 'remote_unreachable', /leads to no sandbox host/],
  ])('case %#: it is refused in words, and doctor says the same', async (text, code, message) => {
    const sandbox = saying(text);
    await expect(sandbox.start(['true'], options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(await sandbox.probe('remote')).toMatchObject({
      level: 'advisory',
      missing: [expect.stringMatching(message)],
      hint: expect.any(String) as string,
    });
  });

  test('a program that is not installed is named', async () => {
    await expect(reaching(['no-such-ssh']).start(['true'], options)).rejects.toMatchObject({
      code: 'program_missing',
      message: expect.stringContaining('no-such-ssh') as string,
    });
  });

  test('a program that ends at once is quoted, without what would move the cursor', async () => {
    const sandbox = reaching(['sh', '-c', 'printf "\\033[2Jno route to host\\n" >&2; exit 255']);
    await expect(sandbox.start(['true'], options)).rejects.toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringMatching(/exit code 255.*\\u\{1b\}\[2Jno route to host/) as string,
    });
  });

  test('a program that leads nowhere is not waited for, and is ended with what it has started', async () => {
    const sandbox = reaching(['sh', '-c', 'sleep 600 & wait'], 300);
    await expect(sandbox.start(['true'], options)).rejects.toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('led nowhere') as string,
    });
  });

  test('garbage after the greeting breaks the connection, and the next attempt begins anew', async () => {
    const report = { level: 'enforced', mechanism: 'none', missing: [] };
    const installation = { node: '/node', dist: '/dist', libraries: [], temporary: '/tmp' };
    const sandbox = saying(`${greeting({ report, installation })}\nGARBAGE GARBAGE GARBAGE GARBAGE`);
    for (const _ of [1, 2])
      await expect(sandbox.start(['true'], options)).rejects.toMatchObject({ code: 'remote_unreachable' });
  });
});
