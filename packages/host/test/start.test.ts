import { expect, test } from 'vitest';
import { buildCommandLine } from '../../../scripts/build.ts';

/** What each of these takes to load is longer than the whole of what a command that only looks may take. */
const HEAVY =
  /node_modules\/(zod|yaml|smol-toml|semver|re2js|immutable|@marcbachmann|@clack|@cfworker|diff|pg|pg-boss|picomatch|ignore)\//;
const DOERS =
  /host\/src\/(open-doers|open-gate|settings|open-store|workers|sandboxes|dispatch|resources|gate\/create-gate)/;

const { metafile, parts } = await buildCommandLine(false);
const [main] = Object.values(metafile.outputs);
const inMain = Object.entries(main?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);

test('what every command loads holds nothing that parses, decides or performs', () => {
  expect(inMain.map(([path]) => path).filter((path) => HEAVY.test(path) || DOERS.test(path))).toEqual([]);
  // The commands that only look are in it, so that they open no other file.
  expect(inMain.map(([path]) => path)).toContain('packages/host/src/cli/commands/runs.ts');
});

test('it stays small: Node takes some 6 ms for each further 100 kB', () => {
  expect(main?.bytes).toBeLessThan(300_000);
});

test('what performs work is a part that is loaded when it is needed', () => {
  expect([...parts.values()].map((file) => file.replaceAll('\\', '/')).join('\n')).toMatch(
    /host\/src\/open-doers\.ts/,
  );
});
