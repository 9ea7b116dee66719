import { describe } from 'vitest';
import { openSandbox } from '../src/sandboxes/open-sandbox.ts';

/** What the sandbox of this machine is, found out once for all tests of a file. */
export const machine = await openSandbox({
  workspace: import.meta.dirname,
  environment: process.env,
}).probe();

const canConfine = machine.level !== 'advisory';

/**
 * Tests that need a real sandbox. Where there is none they are skipped under a name that says so; in continuous
 * integration they fail, since nobody would read that name there.
 */
export function describeSandboxed(name: string, tests: () => void): void {
  if (canConfine || process.env['CI'] === 'true') describe(name, tests);
  else describe.skip(`${name} (SKIPPED: ${machine.missing.join('; ')})`, tests);
}

/** Limits that this machine cannot enforce, by a word of the sentence that says so. */
export function cannotLimit(what: 'memory' | 'processes'): boolean {
  return (
    process.env['CI'] !== 'true' &&
    machine.missing.some(
      (sentence) =>
        sentence.includes(`${what} is not limited`) || sentence.includes(`of ${what} is not limited`),
    )
  );
}
