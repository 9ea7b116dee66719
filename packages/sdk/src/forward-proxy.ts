import { connect, createServer } from 'node:net';

/**
 * Opens a port on the loopback of this process's own network that leads to the host's proxy, which is a Unix socket and
 * so out of reach of most programs. Answers the variables that make programs use it.
 */
export async function forwardProxy(socket: string): Promise<Readonly<Record<string, string>>> {
  const server = createServer((client) => {
    const proxy = connect(socket);
    // Either side may go first; the other then goes too.
    client.on('error', () => proxy.destroy()).on('close', () => proxy.destroy());
    proxy.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(proxy);
    proxy.pipe(client);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  // The host decides when this process ends, not this port.
  server.unref();
  const url = `http://127.0.0.1:${port}`;
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  return {
    ...Object.fromEntries(names.map((name) => [name, url])),
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
    // Node's own fetch heeds the variables only when told to.
    NODE_USE_ENV_PROXY: '1',
  };
}
