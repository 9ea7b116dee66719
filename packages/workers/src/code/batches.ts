/** Well under the 128 KiB that Linux permits for all arguments of a call on the smallest stack. */
const MAX_ARGUMENT_BYTES = 96 * 1024;
/** Fewer files a call cost more in starting a tool than they save by running side by side. */
const WORTH_A_CALL = 50;

/** Cuts a list of paths so that each call gets few enough arguments and up to `jobs` calls have work. */
export function batchesOf(paths: readonly string[], jobs: number): string[][] {
  const most = Math.max(WORTH_A_CALL, Math.ceil(paths.length / jobs));
  const batches: string[][] = [];
  let bytes = 0;
  for (const path of paths) {
    const size = Buffer.byteLength(path) + 3;
    const last = batches.at(-1);
    if (last === undefined || last.length >= most || bytes + size > MAX_ARGUMENT_BYTES) {
      batches.push([path]);
      bytes = size;
    } else {
      last.push(path);
      bytes += size;
    }
  }
  return batches;
}
