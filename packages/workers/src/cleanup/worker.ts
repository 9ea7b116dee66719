import { defineWorker } from '@cadre/sdk';
import { caches } from './caches.ts';
import { duplicates } from './duplicates.ts';
import { largest } from './largest.ts';
import { prune } from './prune.ts';
import { restore } from './restore.ts';

export const worker = defineWorker({
  id: 'cleanup',
  actions: { caches, restore, prune, largest, duplicates },
});
