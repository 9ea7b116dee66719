import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ActionContext } from '@cadre/sdk';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Run by git for us: joins its standard input and output to our socket. */
const RELAY =
  'const s = require("node:net").connect(process.argv[1]); s.on("error", () => {}); process.stdin.pipe(s); s.pipe(process.stdout);';

/**
 * Hands a password to git through a socket, so that it is in no argument, address, file or environment, where a hook or a
 * list of processes would show it. It is given once, and only for the origin of `address`: git asks for it before it runs
 * a hook. `task` gets the value of `credential.helper`.
 */
export async function withCredentials<T>(
  context: ActionContext,
  address: string,
  credentials: Credentials,
  task: (helper: string) => Promise<T>,
): Promise<T> {
  const path = join(await context.tempDir(), 'credentials.sock');
  const { protocol, host } = new URL(address);
  const wanted = [`protocol=${protocol.slice(0, -1)}`, `host=${host}`];
  let isGiven = false;
  const answer = async (client: Socket) => {
    const lines = (await text(client)).split('\n');
    // git also tells whether they worked, and with which password: that is none of our questions.
    const isAsked =
      wanted.every((line) => lines.includes(line)) && !lines.some((line) => line.startsWith('password='));
    if (isGiven || !isAsked) return client.end();
    isGiven = true;
    client.end(`username=${credentials.username}\npassword=${credentials.password}\n\n`);
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy());
    answer(client).catch(() => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  try {
    return await task(`!${[process.execPath, '-e', RELAY, path].map(shellWord).join(' ')}`);
  } finally {
    server.close();
  }
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
