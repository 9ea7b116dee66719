import { CadreError, parseTrigger, type Trigger, type Workflow } from '@cadre/core';
import { openWorld, type SimulatedProcess, type World } from '../../engine/testing/world.ts';
import type { FileChange } from '../../ports/file-watch.ts';
import type { FiringRetention } from '../../ports/prune-firings.ts';
import type { Store } from '../../ports/store.ts';
import { sampleAction, sampleWorkflow } from '../../testing/sample-workflow.ts';
import type { Script } from '../../testing/scripted-gate.ts';
import { type Inbox, openInbox } from '../open-inbox.ts';

export interface InboxProcess extends SimulatedProcess {
  readonly inbox: Inbox;
  /** Tells this process that a file changed, as its watcher would. */
  readonly change: (path: string, change?: FileChange['change']) => void;
}

export interface InboxWorld {
  readonly clock: World['clock'];
  /** What is declared; a test may change it. */
  readonly declared: Map<string, Trigger>;
  readonly workflows: Record<string, Workflow>;
  readonly secrets: Record<string, string>;
  declare(name: string, spec: string): void;
  /** A process whose inbox has begun. */
  process(options?: {
    readonly scripts?: Readonly<Record<string, Script>>;
    readonly wrap?: (store: Store) => Store;
    readonly atOnce?: number;
    readonly idle?: boolean;
    readonly retention?: FiringRetention;
  }): Promise<InboxProcess>;
  /** Lets time pass, and everything that is due in it happen. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Any number of processes with an inbox on one store, under a clock that stands still. */
export function openInboxWorld(): InboxWorld {
  const world = openWorld();
  const declared = new Map<string, Trigger>();
  const workflows: Record<string, Workflow> = {
    work: { ...sampleWorkflow([sampleAction('a')]), name: 'work', inputs: { n: { default: null } } },
  };
  const secrets: Record<string, string> = {};
  const open: InboxProcess[] = [];

  return {
    clock: world.clock,
    declared,
    workflows,
    secrets,
    declare(name, spec) {
      const text = `apiVersion: cadre/v1\nkind: Trigger\nmetadata: { name: ${name} }\nspec:\n  run: work\n  ${spec.replaceAll('\n', '\n  ')}`;
      const parsed = parseTrigger(text);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      declared.set(name, parsed.trigger);
    },
    async process(options = {}) {
      const { wrap } = options;
      let wrapped: Store | undefined;
      const process = await world.process(options.scripts ?? { 'sample/a': {} }, {
        ...(wrap === undefined
          ? {}
          : {
              wrap: (store: Store) => {
                wrapped = wrap(store);
                return wrapped;
              },
            }),
      });
      const store = wrapped ?? process.store;
      // The engine reads these parts of itself when they are first needed, in time that no simulated clock waits for.
      await Promise.all([
        import('../../engine/open-holding.ts'),
        import('../../engine/steer.ts'),
        import('../../engine/journal.ts'),
      ]);
      const ears: ((change: FileChange) => void)[] = [];
      const inbox = openInbox({
        firings: store.firings,
        events: store.events,
        engine: process.engine,
        clock: world.clock,
        triggers: async () => [...declared.values()],
        findWorkflow: async (name) => {
          const workflow = workflows[name];
          if (workflow === undefined)
            throw new CadreError('workflow_not_found', `there is no workflow ${name}`);
          return workflow;
        },
        secrets: { find: async (name) => secrets[name] },
        watchFiles: async ({ hear }) => {
          ears.push(hear);
          return async () => undefined;
        },
        root: '/workspace',
        atOnce: options.atOnce ?? 100,
        mostPerMinute: 60,
        retention: options.retention ?? { afterMs: 24 * HOUR, most: 1_000 },
        pollMs: MINUTE,
        warn: () => undefined,
        hold: async (name) => {
          const taken = await store.leases.acquire(
            name,
            process.holder,
            1e12,
            world.clock.now(),
            () => false,
          );
          return taken.ok ? { release: () => store.leases.release(name, taken.lease.token) } : undefined;
        },
      });
      if (options.idle !== true) inbox.begin();
      const one = {
        ...process,
        inbox,
        change: (path: string, change: FileChange['change'] = 'changed') => {
          for (const hear of ears) hear({ path, change });
        },
      };
      open.push(one);
      return one;
    },
    async pass(ms) {
      // A turn of the inbox is many turns of the event loop.
      for (let turn = 0; turn < 8; turn++) await world.clock.advance(0);
      // In steps, so that time never runs ahead of one that still asks when to be woken.
      for (let passed = 0; passed < ms; passed += MINUTE) {
        await world.clock.advance(Math.min(MINUTE, ms - passed));
        for (let turn = 0; turn < 4; turn++) await world.clock.advance(0);
      }
      for (let turn = 0; turn < 8; turn++) await world.clock.advance(0);
    },
    async close() {
      const ending = open.map(({ inbox }) => inbox.end());
      for (let turn = 0; turn < 8; turn++) await world.clock.advance(0);
      await Promise.race([Promise.all(ending), world.clock.advance(0)]);
      await world.close();
    },
  };
}
