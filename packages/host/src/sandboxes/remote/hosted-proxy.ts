import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempDir } from '@cadre/kit/files';

/** The way out of a box here that leads to the other side of the connection. */
export interface HostedProxy {
  readonly socket: string;
  /** Each connection that comes, by a name under which it is claimed. What came before is told too. */
  announce(to: (connection: string) => void): void;
  /** Undefined when there is none of that name, or it was claimed already. */
  claim(connection: string): Socket | undefined;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 256;

export async function openHostedProxy(): Promise<HostedProxy> {
  // Paths of sockets have room for some hundred characters only.
  const folder = await tempDir('cadre-proxy');
  const socket = join(folder.path, 'proxy.sock');
  const open = new Set<Socket>();
  const waiting = new Map<string, Socket>();
  let counted = 0;
  let tell: ((connection: string) => void) | undefined;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (connection) => {
    counted += 1;
    const name = String(counted);
    open.add(connection);
    waiting.set(name, connection);
    connection.on('error', () => connection.destroy());
    connection.on('close', () => {
      open.delete(connection);
      waiting.delete(name);
    });
    tell?.(name);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  // Who runs in the box may be another person; the folder's random name is what keeps others away.
  await chmod(folder.path, 0o711);
  await chmod(socket, 0o666);
  return {
    socket,
    announce(to) {
      tell = to;
      for (const name of waiting.keys()) to(name);
    },
    claim(name) {
      const found = waiting.get(name);
      waiting.delete(name);
      return found;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of open) connection.destroy();
      await closed;
      await folder.remove();
    },
  };
}
