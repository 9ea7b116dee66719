import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findProgram, isInstalled, promisedTools } from './installed-program.ts';

afterEach(() => vi.unstubAllEnvs());

describe('what CI promises to bring', () => {
  test.runIf(process.env['CI'] === 'true')('is all there', () => {
    const missing = promisedTools().filter(({ program }) => findProgram(program) === undefined);
    expect(missing).toEqual([]);
  });

  test('a missing program is a reason to skip, but where CI promises it a fault that names it', () => {
    vi.stubEnv('PATH', '/nowhere');
    const [promised] = promisedTools().filter(({ folder }) => folder === undefined);
    const program = promised?.program ?? '';

    vi.stubEnv('CI', '');
    expect(isInstalled(program)).toBe(false);
    vi.stubEnv('CI', 'true');
    expect(() => isInstalled(program)).toThrow(`CI promises ${program} (from ${promised?.from}`);
    expect(isInstalled('no-such-program')).toBe(false);
  });

  test('programs of the test tools are locked to one version each', () => {
    const folder = join(import.meta.dirname, 'test-tools');
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const named = promisedTools().filter(({ from }) => from === 'test-tools');
    // `@scope/program` brings a program too.
    const brought = Object.keys(dependencies).map((name) => name.split('/').at(-1));
    expect(named.map(({ program }) => program).filter((program) => !brought.includes(program))).toEqual([]);
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(existsSync(join(folder, 'package-lock.json'))).toBe(true);
  });
});
