import { defineWorker } from '@cadre/sdk';
import { install } from './install.ts';
import { run } from './run.ts';
import { status } from './status.ts';
import { uninstall } from './uninstall.ts';

export const worker = defineWorker({ id: 'hooks', actions: { run, status, install, uninstall } });
