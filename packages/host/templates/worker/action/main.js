import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';

export const worker = defineWorker({
  id: 'NAME',
  actions: {
    /** An action is a function: its input fits worker.yaml, its output is checked against it. */
    async count({ text }, context) {
      const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
      context.log('info', `counted ${words.length} words`);
      const often = Object.groupBy(words, (word) => word);
      return {
        words: words.length,
        often: Object.fromEntries(Object.entries(often).map(([word, all]) => [word, all.length])),
      };
    },
  },
});

if (import.meta.main) serve(worker);
