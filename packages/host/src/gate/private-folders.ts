import { join } from 'node:path';

/** Where people keep keys. Not to be seen even when the folder around them is the workspace. */
const KEYS_IN_HOME = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.config/gcloud',
  '.config/gh',
  '.config/op',
  '.password-store',
  '.local/share/keyrings',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.git-credentials',
  '.cargo/credentials.toml',
  '.vault-token',
];

export function keyFolders(home: string): readonly string[] {
  return KEYS_IN_HOME.map((name) => join(home, name));
}
