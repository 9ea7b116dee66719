import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { buildWorker } from '../worker-fixture.ts';

const PATIENT = 120_000;

/** Clears the screen, names the window, fills the clipboard, hides what follows, turns its direction, overwrites its line. */
const ESCAPES =
  '\u001b[2J\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u001b[8m\u009b31m\u202efdp.exe\r\u0008all is well';

/** All but line breaks, tabs and the colours that Cadre itself paints with. */
const DANGEROUS =
  /(?!\n|\t|\u001b\[\d{1,2}m)[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\u001b\[8m/u;

const workflow = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: talks }
spec:
  steps:
    - { id: talk, uses: escaper/alone, with: { way: "end:told", log: ${JSON.stringify(ESCAPES)}, failure: ${JSON.stringify(ESCAPES)} } }
`;

describeSandboxed('what a worker writes for the eyes of people', () => {
  test(
    '[WRK-16] moves, hides and pretends nothing, wherever it is shown',
    async () => {
      const place = temporaryPlace({
        '.cadre/workflows/talks.yaml': workflow,
      });
      await buildWorker('escaper', join(place.folder, '.cadre/workers/escaper'));
      await place.cadre('grant', 'add', 'escaper', 'fs:write:.');
      const ran = await place.cadre('run', 'talks', '--yes');
      expect(ran.code).toBe(1);
      const shown = [ran];
      for (const command of [
        ['show', 'last'],
        ['logs', 'last'],
        ['logs', 'last', '--json'],
        ['show', 'last', '--json'],
        ['runs'],
        ['audit', 'export'],
      ]) {
        shown.push(await place.cadre(...command));
      }
      const text = shown.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('\n');
      expect(text).toContain('all is well');
      // With what stands before it, so that a failure says where it is.
      const found = DANGEROUS.exec(text);
      expect(found === null ? '' : JSON.stringify(text.slice(found.index - 120, found.index + 20))).toBe('');
    },
    PATIENT,
  );
});
