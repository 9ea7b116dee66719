import { createHash } from 'node:crypto';

/** The id that git (with SHA-1) gives a file of exactly these bytes: what `Change.before` of a report holds. */
export function blobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
