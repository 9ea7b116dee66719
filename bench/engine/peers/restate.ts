import { createServer } from 'node:http2';
import { freePort } from '../../../packages/host/src/testing/loopback.ts';
import { importPeer, lacking, peerFile } from './installed-peer.ts';
import type { Peer } from './peer.ts';
import { post } from './post.ts';
import { startServer } from './start-server.ts';

interface Context {
  run(name: string, action: () => Promise<unknown>): Promise<unknown>;
}

const SERVER = `@restatedev/restate-server-${process.platform}-${process.arch}`;

/** A handler of its SDK, which its server calls over HTTP/2 and whose `ctx.run` results it keeps. */
export const restate: Peer = {
  name: 'restate',
  lacks: lacking(['@restatedev/restate-sdk', SERVER]),
  async open(folder) {
    const { createEndpointHandler, service } = await importPeer('@restatedev/restate-sdk');
    const [ingress, admin, node, own] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const server = await startServer({
      program: peerFile(SERVER, 'bin/restate-server'),
      args: ['--no-logo', '--base-dir', folder, '--log-filter', 'warn', '--listen-mode', 'tcp'],
      environment: {
        DO_NOT_TRACK: '1',
        RESTATE_NODE_NAME: 'bench',
        RESTATE_CLUSTER_NAME: 'bench',
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      },
      folder,
      port: ingress,
    });
    const steps = service({
      name: 'steps',
      handlers: {
        async run(context: Context, count: number): Promise<void> {
          for (let step = 1; step <= count; step++)
            await context.run(`step-${step}`, async () => ({ ok: step }));
        },
      },
    });
    const endpoint = createServer(createEndpointHandler({ services: [steps], logger: onlyErrors }));
    await new Promise<void>((resolve) => endpoint.listen(own, '127.0.0.1', resolve));
    await post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${own}` });
    let runs = 0;

    return {
      // The key makes the call durable and its result kept, as who starts a run wants it.
      run: (count) =>
        post(`http://127.0.0.1:${ingress}/steps/run`, count, { 'idempotency-key': `run-${++runs}` }),
      async close() {
        await server.close();
        endpoint.close();
      },
    };
  },
};

function onlyErrors({ level }: { readonly level: string }, ...said: readonly unknown[]): void {
  if (level === 'error') console.error(...said);
}
