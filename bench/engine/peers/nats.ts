import { execFileSync } from 'node:child_process';
import { freePort } from '../../../packages/host/src/testing/loopback.ts';
import { findProgram } from '../../../scripts/installed-program.ts';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';
import { startServer } from './start-server.ts';

interface StepMessage {
  readonly run: string;
  readonly step: number;
  readonly steps: number;
}

interface Delivered {
  json(): StepMessage;
  ack(): void;
}

/**
 * One stream is the journal and the queue: a message says which step is next and what the one before gave, is delivered until it is
 * acknowledged, and stays. The server that Debian has syncs every two minutes and refuses `sync_interval`, which later ones have; but
 * it writes each message before it answers, so that in a folder whose files are synchronous each message is synced.
 */
function natsPeer(name: string, synced: boolean): Peer {
  return {
    name,
    lacks: lacking(['@nats-io/transport-node', '@nats-io/jetstream'], {
      'nats-server': 'nats-server',
      ...(synced ? { chattr: 'e2fsprogs' } : {}),
    }),
    async open(folder) {
      const { connect } = await importPeer('@nats-io/transport-node');
      const { jetstream, jetstreamManager } = await importPeer('@nats-io/jetstream');
      // For ext4 and its like, and for root; otherwise it fails, and this is not measured.
      if (synced) execFileSync('chattr', ['+S', folder]);
      const port = await freePort();
      const server = await startServer({
        program: findProgram('nats-server') ?? '',
        args: ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder],
        folder,
        port,
      });
      const connection = await connect({ servers: `127.0.0.1:${port}` });
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: 'RUNS', subjects: ['step.>', 'ended.>'], storage: 'file' });
      await manager.consumers.add('RUNS', {
        durable_name: 'worker',
        ack_policy: 'explicit',
        filter_subject: 'step.>',
        max_ack_pending: 2_000,
      });
      const stream = jetstream(connection);
      const publish = ({ run, step, steps }: StepMessage) =>
        stream.publish(
          `${step > steps ? 'ended' : 'step'}.${run}`,
          JSON.stringify({ run, step, steps, output: { ok: step - 1 } }),
          // A step that is done again after a crash is not published again.
          { msgID: `${run}-${step}` },
        );

      const ends = new Map<string, () => void>();
      async function perform(message: Delivered): Promise<void> {
        const { run, step, steps } = message.json();
        await publish({ run, step: step + 1, steps });
        message.ack();
        if (step < steps) return;
        ends.get(run)?.();
        ends.delete(run);
      }
      const consumer = await stream.consumers.get('RUNS', 'worker');
      await consumer.consume({
        max_messages: 200,
        callback: (message: Delivered) => void perform(message).catch(console.error),
      });
      let runs = 0;

      return {
        async run(steps) {
          const run = `run-${++runs}`;
          const ended = new Promise<void>((resolve) => ends.set(run, resolve));
          await publish({ run, step: 1, steps });
          await ended;
        },
        async close() {
          await connection.close();
          await server.close();
        },
      };
    },
  };
}

export const nats = natsPeer('nats', true);
export const natsDefault = natsPeer('nats-default', false);
