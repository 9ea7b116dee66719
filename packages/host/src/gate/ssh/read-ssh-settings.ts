import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { failure, type Outcome, type SshPlace } from '@cadre/sdk';
import { programInConfig } from './programs-in-config.ts';
import { type Environment, runSshProgram } from './run-ssh-program.ts';

/** What the person's own configuration says of a place. Paths are absolute. */
export interface SshSettings {
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias?: string;
  /** Undefined: none at all. */
  readonly agent?: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly knownHostsFiles: readonly string[];
  /** The configuration was not read, for this reason. */
  readonly unread?: string;
}

/**
 * Lets ssh itself say what `~/.ssh/config` makes of a place, without connecting and without running anything: a
 * configuration that would run a program is not read. That of the system is not read either.
 */
export async function readSshSettings(
  place: SshPlace,
  environment: Environment,
): Promise<Outcome<SshSettings>> {
  const home = environment['HOME'] ?? homedir();
  const file = join(home, '.ssh/config');
  const program = await programInConfig(file, home);
  const isRead = program === undefined && existsSync(file);
  const ended = await runSshProgram(
    'ssh',
    [
      ...['-F', isRead ? file : 'none', '-G', '-o', 'CanonicalizeHostname=no'],
      ...(place.port === undefined ? [] : ['-p', String(place.port)]),
      ...(place.user === undefined ? [] : ['-l', place.user]),
      ...['--', place.host],
    ],
    environment,
  );
  if (ended === undefined) return NOT_INSTALLED;
  if (ended.code !== 0) {
    const reason = ended.stderr.trim().split('\n').at(-1) ?? '';
    return refuse(
      `ssh cannot use ${file}: ${reason}`,
      `correct ${file}; ssh -G ${place.host} shows the same`,
    );
  }
  const said = settingsOf(ended.stdout);
  const detour = ['proxyjump', 'proxycommand'].find((name) => (said(name) ?? 'none') !== 'none');
  if (detour !== undefined) {
    return refuse(
      `${file} reaches ${place.host} by way of another program or host (${detour}), which a sandbox cannot`,
      'push from a terminal of your own, or use an address that can be reached directly',
    );
  }
  const expand = (path: string) => expandPath(path, home, environment);
  const agent = said('identityagent') ?? 'SSH_AUTH_SOCK';
  const socket = agent === 'SSH_AUTH_SOCK' ? environment['SSH_AUTH_SOCK'] : expand(agent);
  const alias = said('hostkeyalias');
  return {
    ok: true,
    output: {
      hostName: (said('hostname') ?? place.host).toLowerCase(),
      port: Number(said('port') ?? place.port ?? 22),
      user: said('user') ?? place.user ?? userInfo().username,
      ...(alias === undefined ? {} : { hostKeyAlias: alias }),
      ...(agent === 'none' || !socket ? {} : { agent: socket }),
      identityFiles: said.all('identityfile').map(expand),
      identitiesOnly: said('identitiesonly') === 'yes',
      knownHostsFiles: ['userknownhostsfile', 'globalknownhostsfile']
        .flatMap((name) => (said(name) ?? '').split(' '))
        .filter((path) => path !== '' && path !== 'none')
        .map(expand),
      ...(program === undefined ? {} : { unread: `${program} would run a program` }),
    },
  };
}

const NOT_INSTALLED: Outcome<never> = {
  ok: false,
  failure: failure('program_missing', 'ssh is not installed', { hint: 'apt install openssh-client' }),
};

function refuse(message: string, hint: string): Outcome<never> {
  return { ok: false, failure: failure('not_configured', message, { hint }) };
}

/** `name value`, one a line; a name may stand several times. */
function settingsOf(text: string) {
  const lines = text.split('\n').map((line) => {
    const end = line.indexOf(' ');
    return [line.slice(0, end), line.slice(end + 1)] as const;
  });
  const all = (name: string) => lines.filter(([key]) => key === name).map(([, value]) => value);
  return Object.assign((name: string) => all(name)[0], { all });
}

/** ssh takes the home of the account where we take that of the environment; mostly they are the same. */
function expandPath(path: string, home: string, environment: Environment): string {
  const account = `${userInfo().homedir}/`;
  const named = path
    .replaceAll(/\$\{(\w+)\}|^\$(\w+)$/g, (_, braced, bare) => environment[braced ?? bare] ?? '')
    .replaceAll('%d', home);
  if (named.startsWith('~/')) return join(home, named.slice(2));
  return named.startsWith(account) ? join(home, named.slice(account.length)) : named;
}
