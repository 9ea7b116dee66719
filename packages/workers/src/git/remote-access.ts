import type { ActionContext } from '@cadre/sdk';
import { type GitSettings, readGit, splitZero } from '../tree/read-git.ts';
import { withCredentials } from './credential-socket.ts';
import { sshPlaceOf } from './remote-address.ts';

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

/** Inside a sandbox these mean the sandbox, which is no place for a remote: they are asked of the proxy like others. */
const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const PROXY_FOR_ALL = { NO_PROXY: '', no_proxy: '' };

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
  const unchecked = root === undefined ? [] : await certificateSettings(context, root);
  const env = { ...NO_SSH, ...(OWN_HOSTS.includes(hostname) ? PROXY_FOR_ALL : {}) };
  if (auth === undefined) return task({ settings: webSettings(unchecked, []), env });
  const credentials = { username: auth.username ?? 'git', password: await context.secret(auth.secret) };
  return withCredentials(context, address, credentials, (helper) =>
    task({ settings: webSettings(unchecked, [helper]), env }),
  );
}

/**
 * Of programs that hand out credentials ours alone, and certificates are checked. What a repository has set for one
 * address wins over a general setting, so each such name is set as well.
 */
function webSettings(unchecked: readonly string[], helpers: readonly string[]): GitSettings {
  return {
    // An empty value forgets all that came before, whatever address they were for.
    'credential.helper': ['', ...helpers],
    ...Object.fromEntries(['http.sslVerify', ...unchecked].map((name) => [name, 'true'])),
  };
}

/** Names under which the repository says for an address whether certificates are checked. */
async function certificateSettings(context: ActionContext, root: string): Promise<readonly string[]> {
  const query = ['config', '-z', '--name-only', '--get-regexp', '^http\\..+\\.sslverify$'];
  return splitZero((await readGit(context, root, query)).stdout);
}
