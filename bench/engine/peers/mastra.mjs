import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mastra } from '@mastra/core';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { LibSQLStore } from '@mastra/libsql';
import { z } from 'zod';
import { measure } from './measure.mjs';

const schema = z.object({ run: z.string(), n: z.number() });
const step = (number) =>
  createStep({
    id: `s${number}`,
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData }) => ({ run: inputData.run, n: number }),
  });
const workflow = (steps) => {
  let built = createWorkflow({ id: `w${steps}`, inputSchema: schema, outputSchema: schema });
  for (let number = 1; number <= steps; number += 1) built = built.then(step(number));
  return built.commit();
};

const storage = new LibSQLStore({
  id: 'bench',
  url: `file:${join(mkdtempSync(join(tmpdir(), 'mastra-')), 'm.db')}`,
});
await storage.init?.();
const mastra = new Mastra({
  workflows: { w1: workflow(1), w3: workflow(3), w5: workflow(5) },
  storage,
  logger: false,
});
await measure('mastra (libsql)', async (steps, id) => {
  const run = await mastra.getWorkflow(`w${steps}`).createRun({ runId: id });
  const { status } = await run.start({ inputData: { run: id, n: 0 } });
  if (status !== 'success') throw new Error(status);
});
process.exit(0);
