import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import type { Tried } from '../../src/cli/testing.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { authorizationServer, guardedClock } from './authorization-server.ts';
import { overStdio } from './cadre-process.ts';
import { CLOCK } from './clock-place.ts';
import { follow, startLogin } from './login-process.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../../docs/guide/mcp.md'), 'utf8');

const files = Object.fromEntries(
  [...GUIDE.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(([, path = '', text = '']) => [path, text]),
);

const words = (line: string) => line.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));

/** As a person would, who accepts and signs in. */
async function typed(place: TemporaryPlace, line: string): Promise<Tried> {
  if (line.startsWith('mcp accept'))
    return place.cadreTyping([[/Accept these tools of \w+\?/, 'y']], ...words(line));
  if (!line.startsWith('mcp login')) return place.cadre(...words(line));
  const login = startLogin(place, [], words(line).at(-1));
  await follow(await login.address());
  const { code, said } = await login.ended();
  return { code: code ?? 1, stdout: said, stderr: '' };
}

describeSandboxed('the guide to MCP', () => {
  test('every command does what it says, on the files that it shows, with somebody who accepts', async () => {
    const authority = await authorizationServer();
    const tracker = await guardedClock(authority);
    const place = temporaryPlace({
      ...files,
      'tools/clock.mjs': CLOCK,
      // The same server, where the test can be it: its authorization server is not in the open network then.
      '.cadre/mcp/tracker.yaml': (files['.cadre/mcp/tracker.yaml'] ?? '')
        .replace('https://tracker.example.org', `http://127.0.0.1:${tracker.port}`)
        .replace('auth: {}', `auth: {}\n  permissions: ["net:127.0.0.1:${authority.port}"]`),
    });
    await place.cadre('grant', 'add', 'tracker', `net:127.0.0.1:${authority.port}`);
    const commands = [...GUIDE.matchAll(/^\$ cadre (.*)$/gm)].map(([, line = '']) => line);
    expect(commands.length).toBeGreaterThan(7);
    const said = new Map<string, string>();
    for (const line of commands) {
      const ended = await typed(
        place,
        line.replaceAll('tracker.example.org:443', `127.0.0.1:${tracker.port}`),
      );
      expect(ended.code, `cadre ${line}\n${ended.stdout}${ended.stderr}`).toBe(0);
      said.set(line, ended.stdout);
    }
    expect(said.get('mcp show tracker')).toMatch(/logged in at .*, renewed by itself/);
    expect(said.get('mcp logout tracker')).toContain('logged out');
    expect(said.get('mcp list')).toContain('not accepted yet');
    expect(said.get('worker show clock')).toMatch(/clock\/keep-note +write;/);
    const shown = await place.cadre('show', 'last', '--json');
    expect(shown.stdout).toContain('12:00 in Europe/Berlin');

    // The client of the guide starts what the guide says that it starts.
    const [, settings = ''] = /```json\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    const { command, args } = JSON.parse(settings).mcpServers.cadre as { command: string; args: string[] };
    expect([command, ...args].slice(0, 4)).toEqual(['cadre', 'mcp', '--as', 'editor']);
    const client = await overStdio(place, '2026-07-28', ...args.slice(1, -1), place.folder);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'git_status',
        'clock_keep_note',
        'start__what-time',
        'plan__what-time',
        'run__get',
      ]),
    );
    const told = await client.callTool({ name: 'clock_get_time', arguments: { zone: 'UTC' } });
    expect(told).toMatchObject({ content: [{ text: '12:00 in UTC' }] });
    const started = await client.callTool({
      name: 'start__what-time',
      arguments: { inputs: { zone: 'UTC' } },
    });
    expect(started.structuredContent).toMatchObject({
      status: 'succeeded',
      output: { time: '12:00 in UTC' },
    });
  }, 120_000);
});
