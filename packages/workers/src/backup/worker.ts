import { defineWorker } from '@cadre/sdk';
import { list } from './list.ts';
import { prune } from './prune.ts';
import { restore } from './restore.ts';
import { snapshot } from './snapshot.ts';
import { verify } from './verify.ts';

export const worker = defineWorker({
  id: 'backup',
  actions: { snapshot, list, verify, restore, prune },
});
