import { serve } from '@cadre/sdk/worker';
import { worker } from './worker.ts';

serve(worker);
