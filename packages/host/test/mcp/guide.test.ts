import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { overStdio } from './cadre-process.ts';
import { CLOCK } from './clock-place.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../../docs/guide/mcp.md'), 'utf8');

const files = Object.fromEntries(
  [...GUIDE.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(([, path = '', text = '']) => [path, text]),
);

const words = (line: string) => line.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));

describeSandboxed('the guide to MCP', () => {
  test('every command does what it says, on the files that it shows, with somebody who accepts', async () => {
    const place = temporaryPlace({ ...files, 'tools/clock.mjs': CLOCK });
    const commands = [...GUIDE.matchAll(/^\$ cadre (.*)$/gm)].map(([, line = '']) => line);
    expect(commands.length).toBeGreaterThan(7);
    const said = new Map<string, string>();
    for (const line of commands) {
      const { code, stdout, stderr } = line.startsWith('mcp accept')
        ? await place.cadreTyping([[/Accept these tools of clock\?/, 'y']], ...words(line))
        : await place.cadre(...words(line));
      expect(code, `cadre ${line}\n${stdout}${stderr}`).toBe(0);
      said.set(line, stdout);
    }
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
