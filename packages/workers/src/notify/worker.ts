import { defineWorker } from '@cadre/sdk';
import { send } from './send.ts';

export const worker = defineWorker({ id: 'notify', actions: { send } });
