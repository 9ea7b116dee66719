import { ActionError, defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';

export const worker = defineWorker({
  id: 'NAME',
  actions: {
    async status(_input, context) {
      const base = context.config.base ?? 'https://api.example.org';
      // Cadre makes the request, to granted hosts alone, and puts the token in where it leaves.
      const { status, body } = await context.fetch(`${base}/status`, {
        headers: { authorization: ['Bearer ', context.secretReference('EXAMPLE_TOKEN')] },
        timeoutMs: 10_000,
      });
      if (status !== 200) {
        throw new ActionError('provider_failed', `the service answered ${status}`, {
          retryable: status >= 500,
        });
      }
      return { status: String(JSON.parse(body).status) };
    },
  },
});

if (import.meta.main) serve(worker);
