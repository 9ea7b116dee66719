import { existsSync } from 'node:fs';
import { failure, type Outcome } from '@cadre/sdk';
import type { SshSettings } from './read-ssh-settings.ts';
import { type Environment, runSshProgram } from './run-ssh-program.ts';

/** The lines of the person's `known_hosts` for one host, and for no other. An unknown host is refused. */
export async function knownHost(settings: SshSettings, environment: Environment): Promise<Outcome<string>> {
  const { hostName, port, user, hostKeyAlias, knownHostsFiles } = settings;
  // As ssh looks it up: another port first by its number, then by the host alone.
  const names =
    hostKeyAlias === undefined
      ? [...(port === 22 ? [] : [`[${hostName}]:${port}`]), hostName]
      : [hostKeyAlias];
  const lines: string[] = [];
  for (const file of knownHostsFiles.filter((path) => existsSync(path))) {
    for (const name of names) {
      const ended = await runSshProgram('ssh-keygen', ['-F', name, '-f', file], environment);
      lines.push(...(ended?.stdout.split('\n') ?? []).filter((line) => line !== '' && !line.startsWith('#')));
    }
  }
  if (lines.length > 0) return { ok: true, output: `${[...new Set(lines)].join('\n')}\n` };
  const ask = `ssh -T ${port === 22 ? '' : `-p ${port} `}${user}@${hostName}`;
  return {
    ok: false,
    failure: failure(
      'host_unknown',
      `the key of ${names[0]} stands in none of ${knownHostsFiles.join(', ')}`,
      {
        hint: `run ${ask} in a terminal, compare the fingerprint that it shows with the one that the host publishes, and answer yes`,
      },
    ),
  };
}
