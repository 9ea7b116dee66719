import { lchown, stat } from 'node:fs/promises';

/** Gives what Cadre makes to whom the workspace belongs, when Cadre runs as root and its workers as that person. */
export type GiveAway = (path: string) => Promise<void>;

export async function giveToOwnerOf(workspace: string): Promise<GiveAway> {
  if (process.getuid?.() !== 0) return async () => {};
  const { uid, gid } = await stat(workspace);
  return uid === 0 ? async () => {} : (path) => lchown(path, uid, gid);
}
