import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SandboxOptions } from '../ports/sandbox.ts';
import { startWrapped } from './start-wrapped.ts';
import type { WrappedCommand } from './wrapped-command.ts';

const PROBE_MS = 20_000;

/** Each line names a hole, or something that has to work and does not. `$1`: a folder that nobody may see · `$2`: Node · `$3`: a port. */
const PROBE = `
if ( read -r line <"$1/secret" ) 2>/dev/null; then echo files; fi
if ( : >"$1/written" ) 2>/dev/null; then echo writing; fi
if ( "$1/program" ) >/dev/null 2>&1; then echo programs; fi
if ( : >"$HOME/own" ) 2>/dev/null; then :; else echo no-home; fi
"$2" -e '
  const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1");
  socket.on("connect", () => { console.log("network"); process.exit(0); });
  socket.on("error", () => process.exit(0));
' "$3" 2>/dev/null || echo no-node
echo done`;

const SENTENCES: Readonly<Record<string, string>> = {
  files: 'files that nobody granted can be read from inside',
  writing: 'files that nobody granted can be written from inside',
  programs: 'programs that nobody granted can be started from inside',
  network: 'the network can be reached from inside',
  'no-home': 'its own folder cannot be written inside',
  'no-node': 'Node does not start inside',
};

/**
 * Tries Seatbelt out, with files, a program and a server that are made for it. Undefined: it holds what it should, and Node starts in it.
 * Anything else is a sentence: whether it holds less or lets too little through, it cannot be used.
 */
export async function probeSeatbelt(
  wrap: (command: readonly string[], options: SandboxOptions) => Promise<WrappedCommand>,
  node: string,
): Promise<string | undefined> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cadre-probe-')));
  const server = createServer((socket) => socket.end());
  try {
    await writeFile(join(folder, 'secret'), 'a line\n');
    await writeFile(join(folder, 'program'), '#!/bin/sh\nexit 0\n');
    await chmod(join(folder, 'program'), 0o755);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const told = await tell(wrap, ['/bin/sh', '-c', PROBE, 'sh', folder, node, String(port)], node);
    if (typeof told === 'string') return told;
    const names = (await hasWritten(folder)) ? [...new Set([...told, 'writing'])] : told;
    return names.length === 0 ? undefined : names.map((name) => SENTENCES[name] ?? name).join('; ');
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the probe names; a text: it did not come to its end, in the words of the system. */
async function tell(
  wrap: (command: readonly string[], options: SandboxOptions) => Promise<WrappedCommand>,
  command: readonly string[],
  node: string,
): Promise<string | readonly string[]> {
  const confinement = { readable: [], writable: [], hidden: [], programs: [node], hosts: [] };
  const child = startWrapped(await wrap(command, { confinement, cwd: '/', env: {}, installed: [node] }));
  child.stdin.end();
  const timer = setTimeout(() => child.kill(), PROBE_MS);
  const [stdout, stderr, { code, error }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.ended,
  ]);
  clearTimeout(timer);
  const found = stdout.split('\n').filter((line) => line !== '');
  if (found.at(-1) !== 'done') return error ?? (stderr.trim() || `it ended with ${code}`);
  return found.slice(0, -1);
}

/** Seen from outside: what runs inside is not asked about itself alone. */
async function hasWritten(folder: string): Promise<boolean> {
  return readFile(join(folder, 'written')).then(
    () => true,
    () => false,
  );
}
