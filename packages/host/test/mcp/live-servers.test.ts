import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../src/testing/until.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { overStdio } from './cadre-process.ts';
import { accept, clockPlace, declared, grant } from './clock-place.ts';

const spec = (env: string, timeout = '1m') =>
  `{ command: node, args: [tools/clock.mjs], env: { PLAIN: "${env}" }, permissions: ["fs:read:tools"], timeout: ${timeout} }`;

describeSandboxed('MCP servers whose declarations change while a process lives long', () => {
  test('are taken over as they come, change and go; one that is broken takes nobody’s place and is told of', async () => {
    const place = clockPlace(spec('1'));
    const { cadre, folder } = place;
    await cadre('config', 'set', 'mcp.tools', '["action:clock/*"]');
    const client = await overStdio(place, '2025', '--as', 'editor');
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    const look = async () =>
      JSON.stringify(await client.callTool({ name: 'clock_look_around', arguments: {} }));
    const permit = async () => {
      await grant(place, ['shell:node', 'fs:read:tools']);
      await grant(place, ['shell:node', 'fs:read:tools'], '--for', 'mcp:editor');
    };
    const told = async (topic: string) => (await cadre('events', '--topic', topic, '--json')).stdout;
    expect(await names()).not.toContain('clock_look_around');

    await permit();
    await accept(cadre);
    await until('what was accepted is offered', async () => (await names()).includes('clock_look_around'));
    expect(await look()).toContain(String.raw`\"PLAIN\":\"1\"`);

    const file = join(folder, '.cadre/mcp/clock.yaml');
    writeFileSync(file, declared('{ comand: node }'));
    await until('it is told', async () => (await told('worker.reload_failed')).includes('comand'));
    expect(await look()).toContain(String.raw`\"PLAIN\":\"1\"`);

    writeFileSync(file, declared(spec('2')));
    // Grants are for the declaration: another one asks anew.
    await permit();
    await until('the other one answers', async () => (await look()).includes(String.raw`\"PLAIN\":\"2\"`));

    rmSync(file);
    await until('it is gone', async () => !(await names()).includes('clock_look_around'));
    expect(await told('worker.unloaded')).toContain('"clock"');
  }, 120_000);
});
