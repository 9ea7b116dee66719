import { startRedis } from '../../../packages/host/src/testing/redis-server.ts';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';

interface RunJob {
  readonly id: string;
  readonly data: { readonly step: number; readonly steps: number };
  updateData(data: { step: number; steps: number }): Promise<void>;
}

/** A job for each run, which notes the step it has come to, as its documentation has it for jobs of several steps. */
export const bullmq: Peer = {
  name: 'bullmq',
  lacks: lacking(['bullmq', 'ioredis'], { 'redis-server': 'redis-server' }),
  async open() {
    const { Queue, Worker } = await importPeer('bullmq');
    const server = await startRedis({ sync: true });
    const connection = { url: server.url, maxRetriesPerRequest: null };
    const queue = new Queue('runs', {
      connection,
      defaultJobOptions: { attempts: 25, removeOnComplete: true },
    });
    const worker = new Worker(
      'runs',
      async (job: RunJob) => {
        const { steps } = job.data;
        for (let step = job.data.step; step < steps; ) {
          step += 1;
          await job.updateData({ step, steps });
        }
      },
      { connection, concurrency: 200 },
    );
    worker.on('error', (error: unknown) => console.error(error));
    const ends = new Map<string, () => void>();
    worker.on('completed', ({ id }: RunJob) => {
      ends.get(id)?.();
      ends.delete(id);
    });
    await worker.waitUntilReady();
    let runs = 0;

    return {
      async run(steps) {
        const jobId = `run-${++runs}`;
        const ended = new Promise<void>((resolve) => ends.set(jobId, resolve));
        await queue.add('run', { step: 0, steps }, { jobId });
        await ended;
      },
      async close() {
        await worker.close();
        await queue.close();
        await server.close();
      },
    };
  },
};
