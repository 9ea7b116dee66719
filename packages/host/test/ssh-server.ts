import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe } from 'vitest';
import { freePort } from '../src/testing/loopback.ts';
import { machine } from './sandboxed.ts';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find((path) => existsSync(path));

/** Tests that need a real ssh server and a real sandbox: skipped under a name that says so; in CI they fail. */
export function describeWithSshServer(name: string, tests: () => void): void {
  const missing = [
    ...(SSHD === undefined ? ['no sshd: apt install openssh-server'] : []),
    ...(machine.level === 'advisory' ? machine.missing : []),
  ];
  if (missing.length === 0 || process.env['CI'] === 'true') describe(name, tests);
  else describe.skip(`${name} (SKIPPED: ${missing.join('; ')})`, tests);
}

export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** As it stands in `known_hosts`. */
  readonly knownHost: string;
  /** Lets in whoever has the key with this public half. */
  authorise(publicKeyFile: string): void;
  close(): Promise<void>;
}

/** An ssh server of our own on a port of the loopback, with its own keys. */
export async function openSshServer(folder: string): Promise<SshServer> {
  if (SSHD === undefined) throw new Error('sshd is not installed');
  // Where root runs it the folder must be there; the service of the system would make it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  makeKey(join(folder, 'host'));
  const port = await freePort();
  const authorised = join(folder, 'authorized_keys');
  writeFileSync(authorised, '');
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${authorised}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${settings.join('\n')}\n`);
  const child = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await saying(child, child.stderr, /Server listening/);
  return {
    port,
    user: userInfo().username,
    knownHost: `[127.0.0.1]:${port} ${publicKey(join(folder, 'host'))}`,
    authorise: (file) => writeFileSync(authorised, readFileSync(file)),
    close: () => ending(child),
  };
}

export interface SshAgent {
  readonly socket: string;
  add(keyFile: string): void;
  forget(): void;
  close(): Promise<void>;
}

export async function openSshAgent(folder: string): Promise<SshAgent> {
  const socket = join(folder, 'agent');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await saying(child, child.stdout, /SSH_AUTH_SOCK/);
  const add = (...args: string[]) =>
    execFileSync('ssh-add', args, { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
  return {
    socket,
    add: (file) => void add('-q', file),
    forget: () => void add('-q', '-D'),
    close: () => ending(child),
  };
}

/** A key without passphrase, with its public half beside it. */
export function makeKey(file: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  chmodSync(file, 0o600);
  return file;
}

/** Type and key, without the comment. */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
}

function saying(child: ChildProcess, output: Readable, text: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface({ input: output }).on('line', (line) => {
      said.push(line);
      if (text.test(line)) resolve();
    });
    child.once('exit', () => reject(new Error(`it ended: ${said.join('\n')}`)));
    child.once('error', reject);
  });
}

/** The agent removes its socket when it ends, which must not happen while somebody removes the folder. */
function ending(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', () => resolve());
    child.kill();
  });
}
