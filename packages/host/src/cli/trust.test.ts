import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KEY } from '../testing/in-terminal.ts';
import { temporaryPlace } from './testing/temporary-place.ts';

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
    - { id: mark, run: touch mark }
`;

const placeWith = (settings: string) => temporaryPlace({ 'sample.yaml': WORKFLOW, 'cadre.yaml': settings });

const RUN = ['run', './sample.yaml', '--yes'] as const;

describe('the settings file of a repository that somebody else has written', () => {
  test.each([
    ['grants hosts to every worker', 'policy: { allow: ["net:*"] }', 'connect to any host'],
    ['hands out secrets', 'policy: { allow: ["secret:*"] }', 'every secret'],
    ['hands out the ssh agent', 'policy: { allow: ["secret:ssh-agent"] }', 'keys in your ssh agent'],
    ['gives files outside of it', 'policy: { allow: ["fs:read:~"] }', 'read files in ~'],
    [
      'keeps the runs elsewhere, and names a secret for it',
      'store: { url: "secret:PAYROLL" }',
      'secret:PAYROLL',
    ],
    ['reads the runs of another workspace', 'store: { schema: cadre_other }', 'schema cadre_other'],
    ['connects to a bus', 'bus: { url: "secret:PAYROLL" }', 'wake each other'],
    ['opens the server to the network', 'http: { host: 0.0.0.0 }', 'listens to other machines'],
    [
      'runs workers in a weaker sandbox',
      'policy: { tiers: { signed: process } }',
      'tier process instead of os',
    ],
    [
      'names what starts containers',
      'sandbox: { container: { engine: ./engine.sh } }',
      'containers are started by the program ./engine.sh',
    ],
    ['lets workers use more', 'policy: { limits: { memory: 64GB } }', 'may use 64GB of memory'],
    [
      'offers programs more than reading',
      'mcp: { tools: ["read:*", "run:answer"] }',
      'MCP clients are offered run:answer',
    ],
    ['chooses who may read', 'http: { token: "secret:KNOWN" }', 'whoever shows secret:KNOWN'],
    [
      'writes the log into the folder of hooks',
      'log: { dir: .git/hooks, file: post-commit }',
      'into the folder .git/hooks',
    ],
    ['writes the log anywhere', 'log: { file: ../../.profile }', 'written to ../../.profile'],
    [
      'writes an anchor anywhere',
      'audit: { anchor: ~/.ssh/authorized_keys }',
      'appended to ~/.ssh/authorized_keys',
    ],
  ])('[WRK-16] is refused when it %s, before anything is done, with the command that would let it', async (_, settings, says) => {
    const place = placeWith(`${settings}\n`);
    const ran = await place.cadre(...RUN);
    expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('[not_trusted]') });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toContain('cadre trust add --accept');
    expect(existsSync(join(place.folder, 'mark'))).toBe(false);
    expect(existsSync(join(place.folder, '.git/hooks/post-commit'))).toBe(false);
  });

  test('[WRK-16] may ask for less without anybody being asked', async () => {
    const place = placeWith(
      'policy: { deny: ["shell:touch"], ask: ["net:*"], sandbox: require }\nhttp: { host: 127.0.0.1 }\nmcp: { tools: ["run:read"] }\n',
    );
    expect((await place.cadre('trust', 'show')).stdout).toContain('widen nothing');
    const { stdout, code } = await place.cadre('config', 'get', 'policy.deny');
    expect([code, stdout]).toEqual([0, '["shell:touch"]\n']);
  });

  test('[WRK-16] takes away nothing that the person has forbidden, and no demand of theirs', async () => {
    const place = placeWith('policy: { deny: [], ask: ["env:*"], sandbox: warn }\nlog: { mask: [] }\n');
    const own = join(place.home, 'config');
    temporaryFile(
      own,
      'config.yaml',
      'policy: { deny: ["shell:*"], sandbox: require }\nlog: { mask: ["tick-[0-9]+"] }\n',
    );
    expect(await place.cadre(...RUN)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('cannot confine'),
    });
    await place.cadre('trust', 'add', '--without');
    const get = async (key: string) => (await place.cadre('config', 'get', key)).stdout.trim();
    expect(await get('policy.deny')).toBe('["shell:*"]');
    expect(await get('policy.ask')).toBe('["env:*"]');
    expect(await get('policy.sandbox')).toBe('require');
    expect(await get('log.mask')).toBe('["tick-[0-9]+"]');
  });

  test('[WRK-15] shows what would come of it with every character told', async () => {
    const place = placeWith('policy: { allow: ["shell:cu\\u0455rl", "fs:read:/a\\u202eb"] }\n');
    const { stdout } = await place.cadre('trust', 'show');
    expect(stdout).toContain('cu\\u{455}rl');
    expect(stdout).toContain('/a\\u{202e}b');
  });
});

describe('the person', () => {
  const ALLOW = 'policy: { allow: ["net:one.example:443"] }\n';

  test('[WRK-16] says once that it counts; as soon as it is another one they are asked again', async () => {
    const place = placeWith(ALLOW);
    const said = await place.cadreTyping(
      [[/Let these settings count/, KEY.up.repeat(2) + KEY.enter]],
      ...RUN,
    );
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout).toContain('connect to one.example:443');
    expect((await place.cadre(...RUN)).code).toBe(0);
    place.write({ 'cadre.yaml': `# a remark\n${ALLOW}hygiene: { coverage: 3 }\n` });
    expect((await place.cadre(...RUN)).code).toBe(0);
    place.write({ 'cadre.yaml': 'policy: { allow: ["net:two.example:443"] }\n' });
    expect((await place.cadre(...RUN)).code).toBe(4);
  });

  test('may go on without what it asks for, or do nothing', async () => {
    const place = placeWith(ALLOW);
    const nothing = await place.cadreTyping([[/Let these settings count/, KEY.enter]], ...RUN);
    expect(nothing.code).toBe(4);
    expect(existsSync(join(place.folder, 'mark'))).toBe(false);
    const without = await place.cadreTyping([[/Let these settings count/, KEY.up + KEY.enter]], ...RUN);
    expect(without.code).toBe(0);
    expect((await place.cadre('config', 'get', 'policy.allow')).stdout).toBe('[]\n');
  });

  test('[WRK-16] agrees where nobody can be asked to exactly the content that was looked at', async () => {
    const place = placeWith(ALLOW);
    const { digest } = JSON.parse((await place.cadre('trust', 'show', '--json')).stdout).wanted;
    expect((await place.cadre('trust', 'add')).code).toBe(2);
    expect((await place.cadre('trust', 'add', '--accept', digest.slice(0, 8))).code).toBe(2);
    expect((await place.cadre('trust', 'add', '--accept', 'f'.repeat(64))).code).toBe(2);
    expect((await place.cadre('trust', 'add', '--accept', digest.slice(0, 16))).code).toBe(0);
    expect((await place.cadre(...RUN)).code).toBe(0);
    expect((await place.cadre('trust', 'list')).stdout).toContain('trusted');
    expect((await place.cadre('trust', 'remove')).code).toBe(0);
    expect((await place.cadre(...RUN)).code).toBe(4);
  });

  test('[WRK-18] leaves what they decided in the record', async () => {
    const place = placeWith(ALLOW);
    await place.cadreTyping([[/Let these settings count/, KEY.up.repeat(2) + KEY.enter]], ...RUN);
    const { stdout } = await place.cadre('audit', 'search', '--action', 'trust', '--json');
    expect(JSON.parse(stdout).records).toMatchObject([
      { action: 'trust', decision: 'allowed', outcome: 'trusted', target: place.folder },
    ]);
  });

  test('changes settings by the command of Cadre without being asked what they have just said', async () => {
    const place = placeWith('hygiene: { coverage: 3 }\n');
    expect((await place.cadre('config', 'set', 'policy.allow', '["net:one.example:443"]')).code).toBe(0);
    expect((await place.cadre(...RUN)).code).toBe(0);
    place.write({
      'cadre.yaml': readFileSync(join(place.folder, 'cadre.yaml'), 'utf8').replace('one', 'two'),
    });
    // What somebody else wrote does not come to count by changing something else.
    expect((await place.cadre('config', 'set', 'hygiene.coverage', '4')).code).toBe(4);
  });

  test('[WRK-16] keeps what they decided where nobody else reads or writes it, and another folder shares nothing of it', async () => {
    const place = placeWith(ALLOW);
    const { digest } = JSON.parse((await place.cadre('trust', 'show', '--json')).stdout).wanted;
    await place.cadre('trust', 'add', '--accept', digest);
    const folder = join(place.home, 'trusted-workspaces');
    const [name = ''] = readdirSync(folder);
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, name), 'utf8'))).toMatchObject({
      root: place.folder,
      digest,
    });
    const clone = placeWith(ALLOW);
    expect((await clone.cadreWith({ CADRE_HOME: place.home }, ...RUN)).code).toBe(4);
    rmSync(join(folder, name));
    expect((await place.cadre(...RUN)).code).toBe(4);
  });

  test('a decision that cannot be read trusts nobody', async () => {
    const place = placeWith(ALLOW);
    const { digest } = JSON.parse((await place.cadre('trust', 'show', '--json')).stdout).wanted;
    await place.cadre('trust', 'add', '--accept', digest);
    const folder = join(place.home, 'trusted-workspaces');
    temporaryFile(folder, readdirSync(folder)[0] ?? '', '{"root":');
    expect(await place.cadre(...RUN)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('config_corrupt'),
    });
  });
});

function temporaryFile(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}
