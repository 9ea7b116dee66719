import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { measure } from './measure.mjs';

const checkpointer = SqliteSaver.fromConnString(join(mkdtempSync(join(tmpdir(), 'langgraph-')), 'l.db'));
const State = Annotation.Root({
  run: Annotation(),
  n: Annotation({ reducer: (_, next) => next, default: () => 0 }),
});
const graph = (steps) => {
  let built = new StateGraph(State);
  for (let number = 1; number <= steps; number += 1)
    built = built.addNode(`s${number}`, async () => ({ n: number }));
  built.addEdge(START, 's1');
  for (let number = 1; number < steps; number += 1) built.addEdge(`s${number}`, `s${number + 1}`);
  built.addEdge(`s${steps}`, END);
  return built.compile({ checkpointer });
};
const graphs = { 1: graph(1), 3: graph(3), 5: graph(5) };
await measure('langgraph (sqlite, durability sync)', (steps, id) =>
  graphs[steps].invoke({ run: id }, { configurable: { thread_id: id }, durability: 'sync' }),
);
process.exit(0);
