import { defineAction } from '@cadre/sdk';
import { listArchives } from './archive-store.ts';

export const list = defineAction(async (_input: object, context) => ({
  archives: await listArchives(context),
}));
