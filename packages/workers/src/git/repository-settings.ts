import type { ActionContext } from '@cadre/sdk';
import { readGit, splitZero } from '../tree/read-git.ts';

/** Names of the settings of a repository that bear on credentials and certificates, addresses in them included. */
export async function repositorySettings(context: ActionContext, root: string): Promise<readonly string[]> {
  const pattern = '^(credential|http)\\.(.*\\.)?(helper|sslverify)$';
  const { stdout } = await readGit(context, root, ['config', '-z', '--name-only', '--get-regexp', pattern]);
  return [...new Set(splitZero(stdout))].filter(
    (name) => !['credential.helper', 'http.sslverify'].includes(name),
  );
}
