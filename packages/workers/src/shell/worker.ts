import { defineWorker } from '@cadre/sdk';
import { run } from './run.ts';

export const worker = defineWorker({ id: 'shell', actions: { run } });
