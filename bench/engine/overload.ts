/**
 * What happens when more comes in than can be done. First the most that this machine does (deliveries sent as fast as they are
 * answered), then that offered once, twice and three times a second whatever is answered, with the bounds of `http.limits` and
 * without. `node bench/engine/overload.ts [--seconds 8] [--at-once 256] [--waiting 1000]`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { AdmissionLimits } from '../../packages/host/src/http/admission.ts';
import { BODY, HEADERS, openWebhooks } from './open-webhooks.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    'at-once': { type: 'string', default: '256' },
    waiting: { type: 'string', default: '1000' },
    send: { type: 'string' },
    rate: { type: 'string', default: '0' },
  },
});
const seconds = Number(values.seconds);

/** So many at once make the server as busy as it gets, when the next is sent as soon as one is answered. */
const CLOSED = 64;
const TICK_MS = 5;

interface Answers {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
  /** Milliseconds until an accepted delivery was answered. */
  readonly p50: number;
  readonly p99: number;
}

async function measure(rate: number, limits: AdmissionLimits | undefined) {
  const { address, gate, close } = await openWebhooks(Number(values['at-once']), limits);
  const sender = spawn(
    process.execPath,
    [...process.argv.slice(1), '--send', address, '--rate', String(rate)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const began = { at: 0, runs: 0 };
  let done = 0;
  let answers: Answers | undefined;
  createInterface(sender.stdout).on('line', (line) => {
    const at = performance.now();
    if (line === 'begin') Object.assign(began, { at, runs: gate.calls.length });
    else if (line === 'end') done = (gate.calls.length - began.runs) / ((at - began.at) / 1_000);
    else answers = JSON.parse(line) as Answers;
  });
  await once(sender, 'close');
  if (answers === undefined) throw new Error('the sender said nothing');
  const late = performance.now();
  // What was accepted is done, however late.
  while (gate.calls.length < answers.accepted) await new Promise((resolve) => setTimeout(resolve, 20));
  const behind = performance.now() - late;
  await close();
  return {
    ...answers,
    runsPerSecond: Math.round(done),
    behindMs: Math.round(behind),
    runs: gate.calls.length,
  };
}

async function serve(): Promise<void> {
  const limits = { inFlight: 256, delayMs: 250, waiting: Number(values.waiting) };
  const { runsPerSecond: most } = await measure(0, undefined);
  console.log(`the most that is done: ${most} runs/s`);
  const rows: Record<string, unknown>[] = [];
  for (const [name, bounds] of [
    ['none', undefined],
    ['http.limits', limits],
  ] as const) {
    for (const times of [1, 2, 3]) {
      const { sent, ...row } = await measure(most * times, bounds);
      rows.push({ bounds: name, offered: `${times} ×`, sentPerSecond: Math.round(sent / seconds), ...row });
    }
  }
  console.table(rows);
}

async function send(address: string): Promise<void> {
  const rate = Number(values.rate);
  const agent = new Agent({ keepAlive: true, maxSockets: rate === 0 ? CLOSED : 2_000 });
  const took: number[] = [];
  const counts = { sent: 0, accepted: 0, refused: 0, failed: 0 };
  const one = () =>
    new Promise<void>((resolve) => {
      const began = performance.now();
      counts.sent += 1;
      const posting = request(
        `${address}/api/v1/hooks/push`,
        { method: 'POST', agent, headers: { ...HEADERS, 'x-github-delivery': String(counts.sent) } },
        (response) => {
          response.resume();
          response.on('end', () => {
            if (response.statusCode === 202) {
              counts.accepted += 1;
              took.push(performance.now() - began);
            } else if (response.statusCode === 503) counts.refused += 1;
            else counts.failed += 1;
            resolve();
          });
        },
      );
      posting.on('error', () => {
        counts.failed += 1;
        resolve();
      });
      posting.end(BODY);
    });
  console.log('begin');
  const end = performance.now() + seconds * 1_000;
  setTimeout(() => console.log('end'), seconds * 1_000);
  if (rate === 0)
    await Promise.all(
      Array.from({ length: CLOSED }, async () => {
        while (performance.now() < end) await one();
      }),
    );
  else await offer(rate, end, one);
  agent.destroy();
  took.sort((left, right) => left - right);
  const at = (share: number) => Math.round(took[Math.floor((took.length - 1) * share)] ?? 0);
  console.log(JSON.stringify({ ...counts, p50: at(0.5), p99: at(0.99) }));
}

/** So many a second, whether or not those before were answered. */
async function offer(rate: number, end: number, one: () => Promise<void>): Promise<void> {
  const began = performance.now();
  const under = new Set<Promise<void>>();
  let offered = 0;
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - began) / 1_000) * rate);
    for (; offered < due; offered++) {
      const sending = one().finally(() => under.delete(sending));
      under.add(sending);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(under);
}

await (values.send === undefined ? serve() : send(values.send));
