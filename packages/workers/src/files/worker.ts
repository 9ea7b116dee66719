import { defineWorker } from '@cadre/sdk';
import { copy } from './copy.ts';
import { ensureDir } from './ensure-dir.ts';
import { list } from './list.ts';
import { move } from './move.ts';
import { read } from './read.ts';
import { remove } from './remove.ts';
import { restoreRemoved } from './restore.ts';
import { statPath } from './stat.ts';
import { write } from './write.ts';

export const worker = defineWorker({
  id: 'files',
  actions: {
    read,
    write,
    list,
    stat: statPath,
    move,
    copy,
    remove,
    restore: restoreRemoved,
    'ensure-dir': ensureDir,
  },
});
