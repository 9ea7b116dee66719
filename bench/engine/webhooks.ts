/**
 * Deliveries a second that become finished runs: signed, posted over HTTP to a server of this process by another one, kept
 * in the inbox, each started as a run of one step that checks something, on SQLite in a file.
 * `node bench/engine/webhooks.ts [--deliveries 5000] [--in-flight 64] [--at-once 256]`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { BODY, HEADERS, openWebhooks } from './open-webhooks.ts';

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '5000' },
    'in-flight': { type: 'string', default: '64' },
    'at-once': { type: 'string', default: '256' },
    send: { type: 'string' },
  },
});
const deliveries = Number(values.deliveries);

async function serve(): Promise<void> {
  const { address, inbox, gate, close } = await openWebhooks(Number(values['at-once']));
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sender = spawn(process.execPath, [...process.argv.slice(1), '--send', address], {
    stdio: 'inherit',
  });
  const [code] = await once(sender, 'exit');
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
  const kept = performance.now() - began;
  while ((await inbox.history({ status: ['succeeded'], limit: deliveries })).length < deliveries) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const done = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (ms: number) => Math.round((deliveries / ms) * 1_000);
  console.log(
    JSON.stringify({
      deliveries,
      runs: gate.calls.length,
      keptPerSecond: perSecond(kept),
      runsPerSecond: perSecond(done),
      // Of this process, without the one that sends.
      cpuMsPerRun: Math.round((user + system) / deliveries) / 1_000,
    }),
  );
  await close();
}

async function send(address: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(values['in-flight']) });
  let next = 0;
  const one = (delivery: number) =>
    new Promise<void>((resolve, reject) => {
      const posting = request(
        `${address}/api/v1/hooks/push`,
        { method: 'POST', agent, headers: { ...HEADERS, 'x-github-delivery': String(delivery) } },
        (response) => {
          response.resume();
          if (response.statusCode === 202) response.on('end', resolve);
          else reject(new Error(`answered ${response.statusCode}`));
        },
      );
      posting.on('error', reject);
      posting.end(BODY);
    });
  await Promise.all(
    Array.from({ length: Number(values['in-flight']) }, async () => {
      while (next < deliveries) await one(next++);
    }),
  );
  agent.destroy();
}

await (values.send === undefined ? serve() : send(values.send));
