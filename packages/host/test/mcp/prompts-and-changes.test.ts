import type { Client } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { type Era, overHttp, overStdio, serveMcp } from './cadre-process.ts';

const GREET = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: greet, description: Greets somebody }
spec:
  inputs:
    who: { type: string, description: Whom to greet }
    tone: { enum: [warm, cold], default: warm }
    times: { type: integer, default: 1 }
  steps: [{ id: may, approval: { prompt: Shall it? } }]
`;

async function place(tools: string): Promise<TemporaryPlace> {
  const here = temporaryPlace({ '.cadre/workflows/greet.yaml': GREET });
  await here.cadre('config', 'set', 'mcp.tools', tools);
  return here;
}

const ALL = '["workflow:greet", "run:*"]';

const textOf = async (client: Client, name: string, args: Record<string, string>) => {
  const { messages } = await client.getPrompt({ name, arguments: args });
  return (messages[0]?.content as { text: string }).text;
};

describe.each<Era>(['2025', '2026-07-28'])('Cadre as an MCP server of the protocol of %s', (era) => {
  test('[WRK-25] lets people pick workflows as prompts, with inputs that fit, and completes what they type', async () => {
    const client = await overStdio(await place(ALL), era);
    expect((await client.listPrompts()).prompts).toEqual([
      {
        name: 'greet',
        title: 'Run greet',
        description: 'Greets somebody',
        arguments: [
          { name: 'who', description: 'Whom to greet', required: true },
          { name: 'tone', required: false },
          { name: 'times', required: false },
        ],
      },
    ]);
    const text = await textOf(client, 'greet', { who: 'Ann', times: '3' });
    expect(text).toContain('{"inputs":{"who":"Ann","times":3}}');
    expect(text).toMatch(/plan__greet[\s\S]*When I have agreed, call start__greet/);
    await expect(textOf(client, 'greet', {})).rejects.toThrow(/who/);
    await expect(textOf(client, 'greet', { who: 'Ann', times: 'many' })).rejects.toThrow(/times/);
    await expect(textOf(client, 'other', {})).rejects.toThrow('there is no prompt other');

    const ref = { type: 'ref/prompt', name: 'greet' } as const;
    const complete = async (name: string, value: string) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values;
    expect(await complete('tone', '')).toEqual(['warm', 'cold']);
    expect(await complete('tone', 'c')).toEqual(['cold']);
    expect(await complete('who', '')).toEqual([]);
    const { structuredContent } = await client.callTool({
      name: 'start__greet',
      arguments: { inputs: { who: 'Ann' }, wait: 0 },
    });
    const { run } = structuredContent as { run: string };
    const runs = { type: 'ref/resource', uri: 'cadre://runs/{run}' } as const;
    expect(
      (await client.complete({ ref: runs, argument: { name: 'run', value: run.slice(0, 8) } })).completion,
    ).toMatchObject({ values: [run] });
  }, 60_000);

  test('tells who has subscribed to a run that it went on, and nobody of another one', async () => {
    const client = await overStdio(await place(ALL), era);
    const start = async () => {
      const input = { inputs: { who: 'Ann' }, wait: 5 };
      const started = await client.callTool({ name: 'start__greet', arguments: input });
      return (started.structuredContent as { run: string }).run;
    };
    const cancel = (run: string) => client.callTool({ name: 'run__cancel', arguments: { run } });
    const [other, mine] = [await start(), await start()];
    const uri = `cadre://runs/${mine}`;
    const heard = Promise.withResolvers<void>();
    const told: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      told.push(params.uri);
      heard.resolve();
    });
    if (era === '2025') await client.subscribeResource({ uri });
    else await client.listen({ resourceSubscriptions: [uri] });
    await cancel(other);
    await cancel(mine);
    await heard.promise;
    expect(new Set(told)).toEqual(new Set([uri]));
    if (era === '2025')
      await expect(client.subscribeResource({ uri: 'cadre://runs/run_none' })).rejects.toThrow(/not found/i);
  }, 60_000);
});

test('over HTTP whoever listens in the newer protocol hears of a run; in the earlier one nothing is promised', async () => {
  const here = await place(ALL);
  const address = await serveMcp(here);
  const client = await overHttp(address, '2026-07-28');
  const { structuredContent } = await client.callTool({
    name: 'start__greet',
    arguments: { inputs: { who: 'Ann' }, wait: 0 },
  });
  const { run } = structuredContent as { run: string };
  const heard = Promise.withResolvers<string>();
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.resolve(params.uri));
  await client.listen({ resourceSubscriptions: [`cadre://runs/${run}`] });
  // Whatever process it is that makes the run go on.
  await here.cadre('cancel', run);
  expect(await heard.promise).toBe(`cadre://runs/${run}`);
  const earlier = await overHttp(address, '2025');
  expect(earlier.getServerCapabilities()?.resources?.subscribe).toBe(false);
}, 60_000);

test('who may not read runs hears of none and may subscribe to none, and who may only plan is asked to plan', async () => {
  const client = await overStdio(await place('["plan:greet"]'), '2025');
  expect(client.getServerCapabilities()).not.toHaveProperty('resources');
  await expect(client.subscribeResource({ uri: 'cadre://runs/run_1' })).rejects.toThrow();
  expect(await textOf(client, 'greet', { who: 'Ann' })).not.toContain('start__');
  const none = await overStdio(await place('["run:cancel"]'), '2025');
  expect((await none.listPrompts()).prompts).toEqual([]);
}, 60_000);
