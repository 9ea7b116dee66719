import { ActionError, defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';

export const worker = defineWorker({
  id: 'NAME',
  actions: {
    async authors({ since }, context) {
      // A list of arguments, never a line for a shell: nothing in them can mean anything else.
      const asked = ['log', '--format=%an', ...(since === undefined ? [] : [`--since=${since}`])];
      const { code, stdout, stderr } = await context.exec('git', asked, { timeoutMs: 60_000 });
      if (code !== 0) throw new ActionError('command_failed', `git ended with ${code}: ${stderr.trim()}`);
      const byName = Object.groupBy(stdout.split('\n').filter(Boolean), (name) => name);
      const authors = Object.entries(byName).map(([name, all]) => ({ name, commits: all.length }));
      return { authors: authors.sort((a, b) => b.commits - a.commits || (a.name < b.name ? -1 : 1)) };
    },
  },
});

if (import.meta.main) serve(worker);
