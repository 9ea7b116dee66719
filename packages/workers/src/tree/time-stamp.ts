/** UTC time to the second as it may stand in a file's name and sorts by age: `20260131T235959Z`. */
export function timeStamp(now: Date): string {
  return `${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** A folder's name with what is awkward in file names replaced. */
export function plainName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '') || 'workspace';
}
