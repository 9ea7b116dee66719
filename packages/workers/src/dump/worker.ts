import { defineWorker } from '@cadre/sdk';
import { create } from './create.ts';
import { prune } from './prune.ts';

export const worker = defineWorker({ id: 'dump', actions: { create, prune } });
