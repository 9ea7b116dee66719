import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { failure, type Outcome } from '@cadre/sdk';
import type { SshSettings } from './read-ssh-settings.ts';
import { type Environment, runSshProgram } from './run-ssh-program.ts';

/** Of the keys in the agent the public halves that the configuration prefers, in its order. Refuses an agent without any. */
export async function agentKeys(
  settings: SshSettings,
  environment: Environment,
): Promise<Outcome<readonly string[]>> {
  const { agent, hostName, identityFiles, identitiesOnly } = settings;
  const needs = `signing in at ${hostName} takes a key`;
  if (agent === undefined) return refuse(`${needs}, and no ssh agent is running`, startAgent(settings));
  const listed = await runSshProgram('ssh-add', ['-L'], { ...environment, SSH_AUTH_SOCK: agent });
  // 1: it answers and has none. 2: nobody answers.
  if (listed?.code === 1) return refuse(`${needs}, and your ssh agent has none`, addKey(settings));
  if (listed?.code !== 0) {
    return refuse(`${needs}, and the ssh agent at ${agent} does not answer`, startAgent(settings));
  }
  const held = listed.stdout.split('\n').map(keyOf);
  const preferred: string[] = [];
  for (const file of identityFiles) {
    const text = await readFile(`${file}.pub`, 'utf8').catch(() => '');
    const key = keyOf(text);
    if (key !== undefined && held.includes(key)) preferred.push(key);
  }
  if (identitiesOnly && preferred.length === 0) {
    return refuse(
      `${hostName} shall be used with ${identityFiles.join(', ')} only, and your ssh agent has no such key`,
      `${addKey(settings)}; its public half must lie beside it (ssh-keygen -y)`,
    );
  }
  return { ok: true, output: preferred };
}

/** Type and key, without the comment. */
function keyOf(line: string): string | undefined {
  const [type, key] = line.trim().split(/\s+/);
  return type === undefined || key === undefined ? undefined : `${type} ${key}`;
}

function addKey({ identityFiles, hostName }: SshSettings): string {
  const file = identityFiles.find((path) => existsSync(path));
  return file === undefined
    ? `make a key with ssh-keygen -t ed25519, give its public half to ${hostName}, and add it with ssh-add`
    : `ssh-add ${file}`;
}

function startAgent(settings: SshSettings): string {
  return `start one in this terminal with eval "$(ssh-agent -s)", then ${addKey(settings)}, and try again`;
}

function refuse(message: string, hint: string): Outcome<never> {
  return { ok: false, failure: failure('not_configured', message, { hint }) };
}
