import { stat } from 'node:fs/promises';

/** Whom a confined program runs as. */
export interface BoxOwner {
  /** Set when Cadre runs as root and the tree to work on belongs to somebody else: the program becomes that person. */
  readonly change?: { readonly uid: number; readonly gid: number };
  /** It stays root (without capabilities), since the tree belongs to root. */
  readonly isRoot: boolean;
}

/** An ordinary person's program runs as that person; root gives up being root wherever the files permit it. */
export async function boxOwner(folder: string): Promise<BoxOwner> {
  if (process.getuid?.() !== 0) return { isRoot: false };
  const { uid, gid } = await stat(folder);
  return uid === 0 ? { isRoot: true } : { isRoot: false, change: { uid, gid } };
}
