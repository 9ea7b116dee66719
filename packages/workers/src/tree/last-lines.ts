/** The last lines of what a program said, blank ones left out: enough to see why it failed. */
export function lastLines(output: string, count = 20): string[] {
  return output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
