import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type InboxProcess, type InboxWorld, MINUTE, openInboxWorld } from './testing/inbox-world.ts';

let world: InboxWorld;
beforeEach(() => {
  world = openInboxWorld();
  world.secrets['HOOK'] = 'it is a secret';
});
afterEach(() => world.close());

function hex(body: string, secret = 'it is a secret'): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

function send(
  { inbox }: InboxProcess,
  name: string,
  body: string,
  headers: Record<string, string>,
): ReturnType<InboxProcess['inbox']['receive']> {
  return inbox.receive({
    name,
    raw: Buffer.from(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

const BODY = '{"ref": "refs/heads/main", "n": 7}';

function github(process: InboxProcess, delivery: string, body = BODY) {
  const headers = { 'x-hub-signature-256': `sha256=${hex(body)}`, 'x-github-delivery': delivery };
  return send(process, 'push', body, headers);
}

function declare(more = '') {
  world.declare('push', `on: { webhook: { signature: github, secret: "secret:HOOK" } }${more}`);
}

describe('a webhook', () => {
  test('is kept, answered at once, and starts a run that sees what was sent and nothing that proves who sent it', async () => {
    declare('\nwith: { n: "${{ event.data.n }}" }');
    const process = await world.process();
    const received = await send(process, 'push', BODY, {
      'x-hub-signature-256': `sha256=${hex(BODY)}`,
      'x-github-delivery': 'd1',
      'x-github-event': 'push',
      authorization: 'Bearer x',
      'x-auth-token': 'x',
    });
    expect(received).toMatchObject({ added: true, firing: { status: 'waiting', key: 'delivery:d1' } });
    await world.pass(1);
    const [firing] = await process.inbox.history({});
    const { state } = await process.engine.get(firing?.run ?? '');
    expect(state).toMatchObject({ status: 'succeeded', inputs: { n: 7 } });
    expect(state.trigger).toMatchObject({
      kind: 'webhook',
      name: 'push',
      delivery: 'd1',
      data: { ref: 'refs/heads/main', n: 7 },
      headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
    });
    expect(JSON.stringify(state.trigger)).not.toMatch(/sha256=|Bearer|auth-token/);
  });

  test('that is delivered twice starts one run, and the second is told which', async () => {
    declare();
    const [one, two] = [await world.process(), await world.process()];
    const both = await Promise.all([github(one, 'd1'), github(two, 'd1')]);
    expect(both.map(({ added }) => added).sort()).toEqual([false, true]);
    await world.pass(1);
    const again = await github(two, 'd1');
    expect(again.added).toBe(false);
    expect(again.firing).toMatchObject({ run: (await one.engine.list({})).runs[0]?.id });
    expect((await one.engine.list({})).runs).toHaveLength(1);
    // Also when its firing was forgotten since.
    await one.inbox.settle();
    await one.store.firings.prune(world.clock.now() + 1, 0);
    await github(one, 'd1');
    await world.pass(1);
    expect((await one.engine.list({})).runs).toHaveLength(1);
  });

  test.each([
    ['github', { 'x-hub-signature-256': `sha256=${hex(BODY)}` }],
    ['gitea', { 'x-gitea-signature': hex(BODY) }],
    ['gitlab', { 'x-gitlab-token': 'it is a secret' }],
    ['header, header: X-My-Signature', { 'x-my-signature': hex(BODY) }],
  ])('signed as %s is taken, and forged it is not', async (signature, headers) => {
    world.declare('push', `on: { webhook: { secret: "secret:HOOK", signature: ${signature} } }`);
    const process = await world.process();
    const refused = { code: 'bad_signature' };
    await expect(send(process, 'push', BODY, {})).rejects.toMatchObject(refused);
    for (const [name, value] of Object.entries(headers)) {
      for (const forged of [
        '',
        'x',
        `${value.slice(0, -1)}0${value.at(-1)}`,
        value.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      ])
        await expect(send(process, 'push', BODY, { [name]: forged })).rejects.toMatchObject(refused);
    }
    if (!signature.startsWith('gitlab')) {
      await expect(send(process, 'push', `${BODY} `, headers)).rejects.toMatchObject(refused);
    }
    expect(await process.inbox.history({})).toEqual([]);
    expect(await send(process, 'push', BODY, headers)).toMatchObject({ added: true });
  });

  test('signed as Standard Webhooks says is taken while it is fresh', async () => {
    world.secrets['HOOK'] = `whsec_${Buffer.from('key').toString('base64')}`;
    world.declare('push', 'on: { webhook: { secret: "secret:HOOK", signature: standard } }');
    const process = await world.process();
    const headers = (at: number) => {
      const seconds = String(Math.floor(at / 1_000));
      const signed = createHmac('sha256', 'key').update(`m1.${seconds}.${BODY}`).digest('base64');
      return {
        'webhook-id': 'm1',
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,AAAA v1,${signed}`,
      };
    };
    const now = world.clock.now();
    await expect(send(process, 'push', BODY, headers(now - 301_000))).rejects.toMatchObject({
      code: 'bad_signature',
    });
    expect(await send(process, 'push', BODY, headers(now - 299_000))).toMatchObject({
      firing: { key: 'delivery:m1' },
    });
    expect(await send(process, 'push', BODY, headers(now))).toMatchObject({ added: false });
  });

  test('is refused where there is none, without its secret, over its size, as no JSON, and beyond 60 a minute', async () => {
    declare();
    world.declare('manual', 'on: { manual: true }');
    world.declare('off', 'on: { webhook: { secret: "secret:HOOK", signature: github } }\nenabled: false');
    world.declare('bare', 'on: { webhook: { secret: "secret:NONE", signature: github } }');
    const process = await world.process();
    for (const name of ['none', 'manual', 'off'])
      await expect(send(process, name, BODY, {})).rejects.toMatchObject({ code: 'trigger_not_found' });
    await expect(send(process, 'bare', BODY, {})).rejects.toMatchObject({ code: 'not_configured' });
    await expect(github(process, 'd', 'x'.repeat(1_048_577))).rejects.toMatchObject({ code: 'too_large' });
    await expect(github(process, 'd', '{')).rejects.toMatchObject({ code: 'invalid_input' });
    for (let index = 2; index < 60; index++) await github(process, `d${index}`);
    await expect(github(process, 'd60')).rejects.toMatchObject({
      code: 'too_many',
      details: { retryAfterSeconds: 60 },
    });
    await world.pass(MINUTE);
    expect(await github(process, 'd60')).toMatchObject({ added: true });
  });

  test('whose condition does not hold is kept and starts nothing; one that is paused is kept until it is not', async () => {
    declare("\nif: ${{ event.data.ref == 'refs/heads/dev' }}");
    const process = await world.process();
    await github(process, 'd1');
    await world.pass(1);
    expect(await process.inbox.history({})).toMatchObject([{ status: 'skipped', failure: { code: 'if' } }]);
    declare();
    await process.inbox.pause('push');
    await github(process, 'd2');
    await world.pass(MINUTE);
    expect((await process.inbox.history({ limit: 1 }))[0]).toMatchObject({ status: 'waiting' });
    await process.inbox.resume('push');
    await world.pass(1);
    await process.inbox.settle();
    expect((await process.inbox.history({ limit: 1 }))[0]).toMatchObject({ status: 'succeeded' });
  });
});
