import type { ActionContext } from '@cadre/sdk';

export interface Auth {
  /** Name of the secret that holds a password or token. */
  readonly secret: string;
  readonly username?: string;
}

/**
 * Settings that authenticate at exactly the host of `address`. They travel by the environment, so that the secret is
 * neither in an argument nor in an address nor in a file.
 */
export async function credentialSettings(
  context: ActionContext,
  address: string,
  auth: Auth | undefined,
): Promise<Record<string, string>> {
  if (auth === undefined || !/^https?:/.test(address)) return {};
  const password = await context.secret(auth.secret);
  const credentials = Buffer.from(`${auth.username ?? 'git'}:${password}`).toString('base64');
  return { [`http.${new URL(address).origin}/.extraHeader`]: `Authorization: Basic ${credentials}` };
}

/** ssh must not ask either. A program of the repository's own configuration is not used; one of the user is. */
export function sshEnvironment(): Record<string, string> {
  return { GIT_SSH_COMMAND: process.env['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes' };
}
