import type { ActionContext } from '@cadre/sdk';
import type { GitSettings } from '../tree/read-git.ts';
import { withCredentials } from './credential-socket.ts';
import { sshPlaceOf } from './remote-address.ts';
import { repositorySettings } from './repository-settings.ts';

export interface Auth {
  /** Name of the secret that holds a password or token. */
  readonly secret: string;
  readonly username?: string;
}

/** What a git command needs to get to a remote, besides its arguments. */
export interface RemoteAccess {
  readonly settings: GitSettings;
  readonly env: Readonly<Record<string, string>>;
}

export interface RemoteUse {
  readonly address: string;
  /** Of the repository whose own settings are not trusted; absent where there is none yet. */
  readonly root?: string;
  readonly auth: Auth | undefined;
}

/** ssh is never left to what a repository or a person has configured, and never asks. */
const NO_SSH = { GIT_SSH_COMMAND: 'ssh -F /dev/null -o BatchMode=yes', GIT_SSH_VARIANT: 'ssh' };

/**
 * Runs a git command with access to exactly the remote at `address`. Whether it may be reached is asked first, so that a
 * refusal says what to grant. Throws what `context.ssh`, `context.reach` and `context.secret` throw.
 */
export async function withRemote<T>(
  context: ActionContext,
  { address, root, auth }: RemoteUse,
  task: (access: RemoteAccess) => Promise<T>,
): Promise<T> {
  const place = sshPlaceOf(address);
  if (place !== undefined) {
    const config = await context.ssh(place);
    const command = `ssh -F '${config.replaceAll("'", `'\\''`)}'`;
    return task({ settings: {}, env: { ...NO_SSH, GIT_SSH_COMMAND: command } });
  }
  if (!/^https?:/i.test(address)) return task({ settings: {}, env: NO_SSH });
  const { hostname, port, protocol } = new URL(address);
  await context.reach(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
  const untrusted = root === undefined ? [] : await repositorySettings(context, root);
  if (auth === undefined) return task({ settings: webSettings(untrusted, []), env: NO_SSH });
  const credentials = { username: auth.username ?? 'git', password: await context.secret(auth.secret) };
  return withCredentials(context, address, credentials, (helper) =>
    task({ settings: webSettings(untrusted, [helper]), env: NO_SSH }),
  );
}

/**
 * Of programs that hand out credentials ours alone, and certificates are checked. A repository may have set the same for
 * an address, which would win over a general setting, so each such name is set as well.
 */
function webSettings(untrusted: readonly string[], helpers: readonly string[]): GitSettings {
  const named = (last: string) => untrusted.filter((name) => name.toLowerCase().endsWith(last));
  const entries = [
    // An empty value forgets those that came before.
    ...['credential.helper', ...named('.helper')].map((name) => [name, ['', ...helpers]]),
    ...['http.sslVerify', ...named('.sslverify')].map((name) => [name, 'true']),
  ];
  return Object.fromEntries(entries) as GitSettings;
}
