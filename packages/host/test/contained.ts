import { describe } from 'vitest';
import { isInstalled } from '../../../scripts/installed-program.ts';
import { openContainerSandbox } from '../src/sandboxes/container/open-container-sandbox.ts';

/** What containers of this machine are, found out once for all tests of a file. */
export const contained = isInstalled('podman')
  ? await openContainerSandbox({ workspace: import.meta.dirname, environment: process.env }).probe()
  : undefined;

const problem =
  contained === undefined
    ? 'podman is not installed'
    : contained.level === 'advisory'
      ? contained.missing.join('; ')
      : undefined;

/**
 * Tests that need containers. Podman is promised to continuous integration; where it is there and may start nothing, as on machines
 * that forbid it, they are skipped under a name that says so, and loudly.
 */
export function describeContained(name: string, tests: () => void): void {
  if (problem === undefined) {
    describe(name, tests);
  } else {
    console.warn(`SKIPPED, since containers cannot be started here: ${name} (${problem})`);
    describe.skip(`${name} (SKIPPED: ${problem})`, tests);
  }
}

/** Whether the engine limits memory and processes here, and what containers use is counted by their groups; as an ordinary user it may not. */
export const isLimited =
  contained?.measures === 'control group' &&
  !contained.missing.some((sentence) => sentence.includes('not limited'));
