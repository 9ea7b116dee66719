import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { type Era, overHttp, overStdio, serveMcp } from './cadre-process.ts';
import { accept, clockPlace, grant } from './clock-place.ts';

const GREET = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: greet, description: Greets somebody }
spec:
  inputs: { who: { type: string } }
  steps: [{ id: check, check: ["\${{ inputs.who != '' }}"] }]
  outputs: { said: "\${{ 'hello ' + inputs.who }}" }
`;

const ASK = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: ask }
spec:
  steps: [{ id: may, approval: { prompt: Shall it? } }]
`;

async function place(tools?: string): Promise<TemporaryPlace> {
  const here = temporaryPlace({ '.cadre/workflows/greet.yaml': GREET, '.cadre/workflows/ask.yaml': ASK });
  // What a person sets counts; what a repository brings along only when it is trusted.
  if (tools !== undefined) await here.cadre('config', 'set', 'mcp.tools', tools);
  return here;
}

const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

const textOf = (result: Awaited<ReturnType<Client['callTool']>>) =>
  (result.content as { text?: string }[]).map(({ text }) => text).join('');

const call = async (client: Client, name: string, input: Record<string, unknown> = {}) => {
  const result = await client.callTool({ name, arguments: input });
  const { structuredContent, isError = false } = result;
  return {
    structured: structuredContent as Record<string, unknown> | undefined,
    isError,
    text: textOf(result),
  };
};

async function audited({ cadre }: TemporaryPlace): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await cadre('audit', 'export');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The same over each way and in each protocol. */
async function tryAll(client: Client, here: TemporaryPlace, principal: string): Promise<void> {
  const offered = await names(client);
  expect(offered).toEqual(expect.arrayContaining(['git_status', 'plan__greet', 'run__get']));
  // Nothing that changes anything, unless it was said.
  expect(offered.filter((name) => /^(start__|run__(cancel|answer)|git_commit|shell_)/.test(name))).toEqual(
    [],
  );
  const status = (await client.listTools()).tools.find(({ name }) => name === 'git_status');
  expect(status).toMatchObject({
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
    _meta: { 'cadre.dev/effects': ['read'], 'cadre.dev/uses': 'git/status' },
  });
  expect(await call(client, 'git_status')).toMatchObject({ isError: false, structured: { branch: 'work' } });
  expect(await call(client, 'git_status', { nonsense: 1 })).toMatchObject({
    isError: true,
    text: expect.stringContaining('[invalid_input]'),
  });
  await expect(call(client, 'git_commit')).rejects.toThrow('there is no tool git_commit');

  const { structured } = await call(client, 'plan__greet', { inputs: { who: 'Ann' } });
  expect(structured).toMatchObject({ status: 'succeeded', output: { said: 'hello Ann' }, effects: [] });
  const uri = String(structured?.['resource']);
  expect((await client.listResources()).resources).toMatchObject([
    { uri, title: 'greet, succeeded, a plan' },
  ]);
  const { contents } = await client.readResource({ uri });
  expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({
    principal,
    status: 'succeeded',
  });
  const events = await client.readResource({ uri: `${uri}/events` });
  expect((events.contents[0] as { text: string }).text).toContain('"type":"run.created"');
  await expect(client.readResource({ uri: 'cadre://runs/run_none' })).rejects.toThrow(/not found/i);
  expect(await call(client, 'plan__greet', { inputs: { whom: 'Ann' } })).toMatchObject({
    isError: true,
    text: expect.stringContaining('[invalid_input]'),
  });
  expect(await audited(here)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ principal, worker: 'git', action: 'status', decision: 'allowed' }),
      expect.objectContaining({ principal, decision: 'denied', rule: 'invalid_input' }),
    ]),
  );
}

describe.each<Era>(['2025', '2026-07-28'])('Cadre as an MCP server of the protocol of %s', (era) => {
  test('[WRK-25] [WRK-57] offers what only reads on standard input and output, through the gate and in a name of its own', async () => {
    const here = await place();
    await tryAll(await overStdio(here, era, '--as', 'editor'), here, 'mcp:editor');
  }, 90_000);

  test('[WRK-25] [WRK-57] and over HTTP', async () => {
    const here = await place();
    await tryAll(await overHttp(await serveMcp(here), era), here, 'mcp:http');
  }, 90_000);
});

test('workflows are started, runs cancelled and questions answered only where the settings offer it', async () => {
  const here = await place('["workflow:*", "run:*"]');
  const client = await overStdio(here, '2026-07-28');
  expect(await names(client)).toEqual(
    expect.arrayContaining(['start__ask', 'start__greet', 'run__cancel', 'run__answer']),
  );
  expect(await call(client, 'start__greet', { inputs: { who: 'Bo' } })).toMatchObject({
    structured: { status: 'succeeded', output: { said: 'hello Bo' } },
  });
  const asked = await call(client, 'start__ask');
  const run = asked.structured?.['run'];
  expect(asked.structured).toMatchObject({
    status: 'waiting',
    waitsFor: [{ step: 'may', asks: 'Shall it?' }],
  });
  expect(await call(client, 'run__answer', { run, step: 'may', answer: 'retry' })).toMatchObject({
    isError: true,
  });
  expect(await call(client, 'run__answer', { run, step: 'may', answer: 'allow' })).toMatchObject({
    isError: false,
  });
  await expect
    .poll(async () => (await call(client, 'run__get', { run })).structured, { timeout: 20_000 })
    .toMatchObject({ status: 'succeeded', principal: 'mcp:local' });
  const other = (await call(client, 'start__ask', { wait: 600 })).structured?.['run'];
  expect(await call(client, 'run__cancel', { run: other })).toMatchObject({
    structured: { status: 'cancelled' },
  });
  expect(await call(client, 'run__cancel', { run: other })).toMatchObject({
    isError: true,
    text: /run_over/,
  });
  expect(await call(client, 'run__get', { run: 'run_none' })).toMatchObject({ text: /run_not_found/ });
}, 90_000);

describeSandboxed('an action that needs more than policy gives', () => {
  test('[WRK-57] is refused with the command that would grant it, and performed when a person has run that', async () => {
    const here = clockPlace('{ command: node, args: [tools/clock.mjs], permissions: ["fs:read:tools"] }');
    const own = ['shell:node', 'fs:read:tools'];
    await grant(here, own);
    await accept(here.cadre);
    const client = await overStdio(here, '2026-07-28', '--as', 'editor');
    const refused = await call(client, 'clock_get_time', { zone: 'UTC' });
    expect(refused).toMatchObject({ isError: true });
    const [, command = ''] = /try: cadre (grant add .*)$/m.exec(refused.text) ?? [];
    expect(command).toBe('grant add clock fs:read:tools --for mcp:editor');
    await here.cadre(...command.split(' '));
    expect((await call(client, 'clock_get_time', { zone: 'UTC' })).text).toContain(
      'shell:node --for mcp:editor',
    );
    await grant(here, own, '--for', 'mcp:editor');
    // Handed on as it was answered, with the schema that was accepted.
    expect(await call(client, 'clock_get_time', { zone: 'UTC' })).toEqual({
      isError: false,
      structured: undefined,
      text: '12:00 in UTC',
    });
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'clock_get_time')?.inputSchema).toMatchObject({
      required: ['zone'],
    });
    expect(await call(client, 'clock_fail')).toMatchObject({ isError: true, text: /the clock is broken/ });
    await here.cadre(
      'grant',
      'revoke',
      JSON.parse((await here.cadre('grant', 'list', '--json')).stdout).grants.at(-1).id,
    );
  }, 90_000);
});

test('who may not read events over HTTP may not come in here, nor a page of another place', async () => {
  const here = await place();
  const address = await serveMcp(here, { CADRE_HTTP__TOKEN: 'a token that is long' });
  await expect(overHttp(address, '2025')).rejects.toThrow();
  expect(await names(await overHttp(address, '2025', 'a token that is long'))).toContain('git_status');

  const open = new URL(await serveMcp(await place()));
  const post = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
      const more = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      };
      const asked = request(open, { method: 'POST', headers: more }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  expect(await post({})).toBe(200);
  expect(await post({ origin: `http://${open.host}` })).toBe(200);
  expect(await post({ origin: 'https://evil.example.org' })).toBe(403);
  expect(await post({ origin: 'null' })).toBe(403);
  expect(await post({ host: 'rebound.example.org' })).toBe(403);
}, 90_000);

test('a rule that offers nothing is refused before anything is served', async () => {
  const here = await place('["raed:*"]');
  writeFileSync(join(here.folder, 'x'), '');
  const { code, stderr } = await here.cadre('mcp');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('raed:* says nothing that could be offered'),
  });
}, 30_000);
