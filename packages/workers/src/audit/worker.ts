import { defineWorker } from '@cadre/sdk';
import { advisoriesImport } from './advisories-import.ts';
import { baselineUpdate } from './baseline-update.ts';
import { code } from './code.ts';
import { dependencies } from './dependencies.ts';

export const worker = defineWorker({
  id: 'audit',
  actions: {
    code,
    dependencies,
    'baseline-update': baselineUpdate,
    'advisories-import': advisoriesImport,
  },
});
