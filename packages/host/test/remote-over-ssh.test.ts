import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../src/testing/until.ts';
import { type RemoteFixture, remoteFixture, sandboxHostCommand } from './remote-fixture.ts';
import { describeWithSshServer, makeKey, openSshServer, publicKey, type SshServer } from './ssh-server.ts';

let outside: string;
let server: SshServer;
let key: string;
let fixture: RemoteFixture;

const ssh = (...wanted: string[]) => [
  'ssh',
  '-T',
  '-F',
  'none',
  '-o',
  'BatchMode=yes',
  '-o',
  `UserKnownHostsFile=${join(outside, 'known_hosts')}`,
  '-i',
  key,
  '-p',
  String(server.port),
  `${server.user}@127.0.0.1`,
  ...wanted,
];

/** The ssh that leads to the server of this test. */
function sshTo(port: number): number {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const line = commandLine(name);
    if (line[0] === 'ssh' && line.includes(String(port))) return Number(name);
  }
  throw new Error('there is no ssh');
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

describeWithSshServer('[WRK-19] a sandbox host over ssh', () => {
  beforeAll(async () => {
    outside = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-ssh-')));
    server = await openSshServer(outside);
    key = makeKey(join(outside, 'key'));
    writeFileSync(join(outside, 'known_hosts'), `${server.knownHost}\n`);
    // The line of the guide, with the key of this test and the way in which Cadre is started here.
    const guide = readFileSync(join(import.meta.dirname, '../../../docs/guide/sandboxing.md'), 'utf8');
    const [line = ''] = /^restrict,command=.*$/m.exec(guide) ?? [];
    const forced = sandboxHostCommand(join(outside, 'far')).join(' ');
    const ours = line.replace('cadre sandbox-host', forced).replace(/ssh-ed25519 \S+/, publicKey(key));
    expect(ours).toContain(`command="${forced}" ssh-ed25519 `);
    writeFileSync(join(outside, 'line.pub'), `${ours}\n`);
    server.authorise(join(outside, 'line.pub'));
  });
  afterEach(() => fixture?.remove());
  afterAll(async () => {
    await server?.close();
    if (outside !== undefined) rmSync(outside, { recursive: true, force: true });
  });

  test('files go there and come back, whatever the command asks for: the key can do nothing else', async () => {
    fixture = await remoteFixture({
      command: ssh('rm', '-rf', '/'),
      environment: { PATH: process.env['PATH'] },
    });
    writeFileSync(join(fixture.workspace, 'a.txt'), 'here');
    expect(await fixture.shell('cat a.txt >b.txt; echo "$SSH_CONNECTION" >c.txt')).toMatchObject({
      ok: true,
    });
    expect(readFileSync(join(fixture.workspace, 'b.txt'), 'utf8')).toBe('here');
    // Of what the login there brings along nothing is in the box.
    expect(readFileSync(join(fixture.workspace, 'c.txt'), 'utf8')).toBe('\n');
  });

  test('when ssh is killed the call ends, and nothing is left there', async () => {
    fixture = await remoteFixture({ command: ssh(), environment: { PATH: process.env['PATH'] } });
    const waiting = Promise.withResolvers<void>();
    const outcome = fixture.perform('slow', {}, { onLog: () => waiting.resolve() });
    await waiting.promise;
    const connections = () => readdirSync(join(outside, 'far/connections'));
    expect(connections()).toHaveLength(1);
    process.kill(sshTo(server.port), 'SIGKILL');
    expect(await outcome).toMatchObject({ ok: false, failure: { code: 'worker_died' } });
    await until('it tidies up', () => connections().length === 0);
  });

  test('a key that is not let in is told in the words of ssh', async () => {
    const other = makeKey(join(outside, 'other'));
    const command = ssh().map((word) => (word === key ? other : word));
    fixture = await remoteFixture({ command, environment: { PATH: process.env['PATH'] } });
    expect(await fixture.perform('echo', { text: 'x' })).toMatchObject({
      ok: false,
      failure: {
        code: 'remote_unreachable',
        message: expect.stringContaining('Permission denied') as string,
      },
    });
  });
});
