import { serve } from '@cadre/sdk/worker';
import { createBridge } from './create-bridge.ts';

const [, , id = '', ...actions] = process.argv;
serve(createBridge(id, actions));
