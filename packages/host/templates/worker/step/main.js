import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ActionError, defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';

export const worker = defineWorker({
  id: 'NAME',
  actions: {
    async stamp({ file, text }, context) {
      const path = join(context.workspace, file);
      if (relative(context.workspace, path).startsWith('..')) {
        throw new ActionError('invalid_input', `${file} lies outside of the workspace`, {
          hint: 'name a file inside',
        });
      }
      const wanted = `# Written by NAME\n\n${text}\n`;
      const before = await readFile(path, 'utf8').catch(() => undefined);
      // Doing it again changes nothing: that is what idempotent promises.
      if (before === wanted) return { changed: false };
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, wanted);
      return { changed: true };
    },
  },
});

if (import.meta.main) serve(worker);
