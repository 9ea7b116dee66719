import { defineWorker } from '@cadre/sdk';
import { detect } from './detect.ts';
import { docs } from './docs.ts';
import { format } from './format.ts';
import { lint } from './lint.ts';

export const worker = defineWorker({ id: 'code', actions: { format, lint, detect, docs } });
