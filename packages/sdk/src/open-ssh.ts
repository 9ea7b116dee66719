import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { CONNECT_MODE } from './connect-out.ts';
import { connectThrough } from './connect-through.ts';
import { ActionError } from './failure.ts';
import { AGENT_TARGET } from './protocol.ts';
import { sshConfig } from './ssh-config.ts';
import type { SshAccess, SshPlace } from './ssh-place.ts';

/**
 * Puts into an empty folder what ssh needs to get to a place: configuration, known keys, public halves of keys, and a
 * socket behind which the host lets the agent of the person answer. It is no longer answered after `close`.
 */
export async function openSsh(
  place: SshPlace,
  access: SshAccess,
  folder: string,
): Promise<{ readonly config: string; close(): void }> {
  const proxy = process.env['HTTPS_PROXY'];
  const program = process.argv[1];
  if (proxy === undefined || program === undefined) {
    throw new ActionError('not_configured', `there is no way out of the sandbox to ${place.host}`, {
      hint: 'let the worker run git, and allow it the host: both stand in its manifest',
    });
  }
  const files = {
    config: join(folder, 'config'),
    knownHosts: join(folder, 'known_hosts'),
    agent: join(folder, 'agent.sock'),
    publicKeys: access.publicKeys.map((_, index) => join(folder, `key-${index}.pub`)),
  };
  const target = access.hostName.includes(':')
    ? `[${access.hostName}]:${access.port}`
    : `${access.hostName}:${access.port}`;
  const command = [process.execPath, program, CONNECT_MODE, proxy, target];
  await writeFile(files.knownHosts, access.knownHosts, { mode: 0o600 });
  for (const [index, file] of files.publicKeys.entries()) {
    await writeFile(file, `${access.publicKeys[index]}\n`, { mode: 0o600 });
  }
  await writeFile(files.config, sshConfig(place, access, files, command), { mode: 0o600 });
  const agent = await openAgentSocket(files.agent, proxy);
  return { config: files.config, close: () => void agent.close() };
}

function openAgentSocket(path: string, proxy: string): Promise<Server> {
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    void connectThrough(proxy, AGENT_TARGET).then(
      (agent) => {
        agent.on('error', () => client.destroy()).on('close', () => client.destroy());
        client.on('close', () => agent.destroy());
        client.pipe(agent);
        agent.pipe(client);
      },
      // To ssh a refusal is an agent that does not answer; the record holds the reason.
      () => client.destroy(),
    );
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}
