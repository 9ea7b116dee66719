import { defineWorker } from '@cadre/sdk';
import { code } from './code.ts';

export const worker = defineWorker({ id: 'audit', actions: { code } });
