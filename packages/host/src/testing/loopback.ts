import { type AddressInfo, createConnection, createServer } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
  });
}

/** Whether somebody takes connections at a port of 127.0.0.1, or at a socket in the file system. */
export function connects(to: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = typeof to === 'number' ? createConnection(to, '127.0.0.1') : createConnection(to);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
