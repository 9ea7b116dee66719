import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';

export const worker = defineWorker({
  id: 'NAME',
  actions: {
    async lines({ count }, context) {
      const stream = await context.writeStream({ contentType: 'text/plain' });
      for (let line = 1; line <= count; line++) {
        context.signal.throwIfAborted();
        // Waits while whoever reads is slower: nothing piles up.
        await stream.write(Buffer.from(`line ${line}\n`));
        if (line % 1000 === 0) {
          await context.extend(`${line} lines\n`);
          context.progress({ done: line, total: count, unit: 'lines' });
        }
      }
      return { count, text: await stream.close() };
    },
  },
});

if (import.meta.main) serve(worker);
