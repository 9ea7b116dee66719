import { defineWorker } from '@cadre/sdk';
import { detect } from './detect.ts';
import { list } from './list.ts';
import { run } from './run.ts';

export const worker = defineWorker({ id: 'test', actions: { detect, list, run } });
