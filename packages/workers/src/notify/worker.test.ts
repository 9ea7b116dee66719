import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { discordPayload } from './discord.ts';
import { slackPayload } from './slack.ts';
import { worker } from './worker.ts';

const notify = checkedWorker(import.meta.dirname, worker);
const quick = { delayMs: 0, maxDelayMs: 0 };

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on the loopback that gives the answers in turn, the last one for ever. */
async function receiver(...answers: { status: number; headers?: Record<string, string> }[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    const answer = answers[Math.min(received.length, answers.length) - 1] ?? { status: 200 };
    response.writeHead(answer.status, answer.headers).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}/hook/s3cret-path` };
}

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(notify, worker)).toEqual([]);
});

test('[HYG-49] a webhook gets the notice as JSON, signed over id, time and body', async () => {
  const { received, url } = await receiver({ status: 204 });
  const to = { kind: 'webhook', url, signingSecret: 'whsec_c2VjcmV0' };
  const fields = [{ name: 'branch', value: 'work' }];
  const at = { workspace: temporaryFolder(), idempotencyKey: 'run-1/tell' };

  const sent = await notify.succeed(
    'send',
    { to, title: 'hygiene', text: 'done', status: 'succeeded', fields },
    at,
  );
  expect(sent).toEqual({ delivered: true, attempts: 1, status: 204 });
  const { headers = {}, body = '' }: Partial<Received> = received[0] ?? {};
  expect(JSON.parse(body)).toEqual({
    type: 'notification',
    title: 'hygiene',
    text: 'done',
    status: 'succeeded',
    fields,
  });
  expect(headers['webhook-id']).toBe('run-1/tell');
  const signed = `run-1/tell.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', 'secret').update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
});

test('[HYG-49] a busy and a broken receiver are tried again, at most so often', async () => {
  const busy = await receiver(
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 500 },
    { status: 200 },
  );
  const at = { workspace: temporaryFolder() };
  const to = (url: string) => ({ kind: 'slack', url });

  expect(await notify.succeed('send', { to: to(busy.url), text: 'x', retry: quick }, at)).toMatchObject({
    attempts: 3,
  });
  const broken = await receiver({ status: 503 });
  const failure = await notify.fail(
    'send',
    { to: to(broken.url), text: 'x', retry: { ...quick, attempts: 2 } },
    at,
  );
  expect(failure).toMatchObject({
    code: 'provider_failed',
    retryable: true,
    details: { status: 503, attempts: 2 },
  });
  expect(broken.received).toHaveLength(2);
});

test('a receiver that asks for an hour is not waited for longer than allowed', async () => {
  const { url } = await receiver({ status: 429, headers: { 'retry-after': '3600' } }, { status: 200 });
  const sent = notify.succeed(
    'send',
    { to: { kind: 'slack', url }, text: 'x', retry: { maxDelayMs: 5 } },
    { workspace: temporaryFolder() },
  );
  expect(await sent).toMatchObject({ delivered: true, attempts: 2 });
});

test('[HYG-49] a refusal is not repeated, and neither message nor log shows the address', async () => {
  const { received, url } = await receiver({ status: 404 });
  const tried = await notify.run(
    'send',
    { to: { kind: 'discord', url }, text: 'x', retry: quick },
    {
      workspace: temporaryFolder(),
    },
  );
  expect(tried.outcome).toMatchObject({ ok: false, failure: { code: 'provider_failed', retryable: false } });
  expect(received).toHaveLength(1);
  expect(JSON.stringify([tried.outcome, tried.effects, tried.messages])).not.toContain('s3cret-path');
});

test('a receiver that is not there is a failure without its address', async () => {
  const { url } = await receiver();
  const closed = url.replace(/:\d+/, ':1');
  const failure = await notify.fail(
    'send',
    { to: { kind: 'slack', url: closed }, text: 'x', retry: quick },
    {
      workspace: temporaryFolder(),
    },
  );
  expect(failure).toMatchObject({ code: 'provider_failed', retryable: true, details: { status: null } });
  expect(JSON.stringify(failure)).not.toContain('s3cret-path');
});

test('an address that is none is refused without repeating it', async () => {
  const failure = await notify.fail(
    'send',
    { to: { kind: 'slack', url: 'token-without-host' }, text: 'x' },
    {
      workspace: temporaryFolder(),
    },
  );
  expect(failure.code).toBe('invalid_input');
  expect(JSON.stringify(failure)).not.toContain('token-without-host');
});

test('[HYG-3] a plan names the host and sends nothing', async () => {
  const { received, url } = await receiver();
  const { effects } = await notify.run(
    'send',
    { to: { kind: 'slack', url }, title: 'T', text: 'x' },
    {
      workspace: temporaryFolder(),
      mode: 'preview',
    },
  );
  expect(effects).toEqual([{ kind: 'network', host: new URL(url).host, purpose: 'tell slack: T' }]);
  expect(received).toEqual([]);
  const to = { kind: 'slack', url: 'secret:TEAM_HOOK' };
  const named = await notify.run(
    'send',
    { to, text: 'x' },
    { workspace: temporaryFolder(), mode: 'preview' },
  );
  expect(named.effects).toMatchObject([{ host: 'secret:TEAM_HOOK' }]);
});

test('Slack texts are escaped and cut to what Slack takes', () => {
  const payload = JSON.stringify(
    slackPayload({
      title: 'T'.repeat(200),
      text: '<!channel> & co',
      status: 'failed',
      link: 'https://example.org/a|b',
      fields: Array.from({ length: 12 }, (_, index) => ({ name: `n${index}`, value: '👍'.repeat(2_000) })),
    }),
  );
  const { blocks } = JSON.parse(payload) as {
    blocks: { text?: { text: string }; fields?: { text: string }[] }[];
  };
  expect(blocks[0]?.text?.text).toHaveLength(150);
  expect(blocks[1]?.text?.text).toBe('&lt;!channel&gt; &amp; co');
  expect(blocks[2]?.fields).toHaveLength(10);
  expect(blocks[2]?.fields?.every(({ text }) => text.length <= 2_000 && text.isWellFormed())).toBe(true);
  expect(blocks[3]?.text?.text).toBe('<https://example.org/a%7Cb|Show>');
});

test('Discord mentions nobody and never gets more than 6,000 characters', () => {
  const payload = discordPayload({
    title: 'T'.repeat(300),
    text: '@everyone '.repeat(500),
    fields: Array.from({ length: 30 }, () => ({ name: 'n', value: 'v'.repeat(2_000) })),
  }) as { allowed_mentions: object; embeds: [{ title: string; description: string; fields: object[] }] };
  const [embed] = payload.embeds;
  expect(payload.allowed_mentions).toEqual({ parse: [] });
  expect(embed.title).toHaveLength(256);
  expect(embed.description).toHaveLength(4_096);
  expect(embed.fields).toHaveLength(1);
});
