import { writeAtomic as replaceFile, type WriteOptions } from '@cadre/kit/files';

/**
 * Replaces or creates a file so that a reader, or a crash at any moment, finds the old or the new content. Mode and
 * owner of what is replaced are kept unless `mode` is given. Follows links: take the path from `resolveInside`.
 * Answers the SHA-256 of what was written. Throws `not_writable`, `disk_full`, and `changed_meanwhile` for `ifVersion`.
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<{ readonly version: string }> {
  return replaceFile(path, data, options);
}
