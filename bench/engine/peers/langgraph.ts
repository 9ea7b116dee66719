import { join } from 'node:path';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';

const PACKAGES = [
  '@langchain/langgraph',
  '@langchain/langgraph-checkpoint-sqlite',
  // In the version whose program is in the package: the one that the checkpointer asks for wants to be compiled.
  'better-sqlite3',
];

/** A node for each step; a checkpoint is written before the next node begins (`durability: 'sync'`). */
function langgraphPeer(name: string, synced: boolean): Peer {
  return {
    name,
    lacks: lacking(PACKAGES),
    async open(folder) {
      const { Annotation, END, START, StateGraph } = await importPeer('@langchain/langgraph');
      const { SqliteSaver } = await importPeer('@langchain/langgraph-checkpoint-sqlite');
      const checkpointer = SqliteSaver.fromConnString(join(folder, 'langgraph.db'));
      checkpointer.setup();
      // Its build of SQLite leaves that to checkpoints of the write-ahead log, unless told so.
      if (synced) checkpointer.db.pragma('synchronous = FULL');
      const state = Annotation.Root({
        run: Annotation(),
        ok: Annotation({ reducer: (_: number, next: number) => next, default: () => 0 }),
      });

      function chain(steps: number) {
        const graph = new StateGraph(state);
        for (let step = 1; step <= steps; step++) graph.addNode(`step-${step}`, async () => ({ ok: step }));
        graph.addEdge(START, 'step-1');
        for (let step = 1; step < steps; step++) graph.addEdge(`step-${step}`, `step-${step + 1}`);
        graph.addEdge(`step-${steps}`, END);
        return graph.compile({ checkpointer });
      }
      const graphs = new Map([1, 3, 5].map((steps) => [steps, chain(steps)]));
      let runs = 0;

      return {
        async run(steps) {
          const run = `run-${++runs}`;
          await graphs.get(steps).invoke({ run }, { configurable: { thread_id: run }, durability: 'sync' });
        },
        async close() {
          checkpointer.db.close();
        },
      };
    },
  };
}

export const langgraph = langgraphPeer('langgraph', true);
export const langgraphDefault = langgraphPeer('langgraph-default', false);
