import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import { readOffer } from './offer.ts';
import type { Served } from './offered-tool.ts';

/** Whoever listens reads again what is named, so what happens at once is told once. */
const TOGETHER_MS = 100;

/**
 * Tells of runs that went on and of workers that changed, whatever process that was. Where nobody listens nothing is read.
 * `failed`: nothing is told any more.
 */
export function openChangeFeed(
  { events, config }: Pick<Served, 'events' | 'config'>,
  failed: (error: unknown) => void,
): ServerEventBus {
  // Who may not read runs does not hear of them either.
  const tellsRuns = readOffer(config.mcp.tools).run('read');
  const listeners = new Set<(event: ServerEvent) => void>();
  let following: AbortController | undefined;
  const publish = (event: ServerEvent) => {
    for (const listener of [...listeners]) listener(event);
  };

  async function follow(signal: AbortSignal): Promise<void> {
    const waiting = new Map<string, ServerEvent>();
    const tell = () => {
      const changes = [...waiting.values()];
      waiting.clear();
      for (const change of changes) publish(change);
    };
    const note = (event: ServerEvent, key: string) => {
      if (waiting.size === 0) setTimeout(tell, TOGETHER_MS).unref();
      waiting.set(key, event);
    };
    const bus = await events();
    for await (const { envelope } of await bus.follow({ signal })) {
      const { run, topic } = envelope;
      if (run !== null && tellsRuns) {
        for (const uri of [`cadre://runs/${run}`, `cadre://runs/${run}/events`])
          note({ kind: 'resource_updated', uri }, uri);
      }
      if (topic === 'run.created' && tellsRuns) note({ kind: 'resources_list_changed' }, 'resources');
      if (topic === 'worker.reloaded' || topic === 'worker.unloaded')
        note({ kind: 'tools_list_changed' }, 'tools');
    }
  }

  return {
    publish,
    subscribe(listener) {
      listeners.add(listener);
      if (following === undefined) {
        following = new AbortController();
        const { signal } = following;
        follow(signal).catch((error: unknown) => signal.aborted || failed(error));
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        following?.abort();
        following = undefined;
      };
    },
  };
}
