import { z } from 'zod';
import { audit, policy, sandbox } from './config/confinement.ts';
import { http, mcp } from './config/doors.ts';
import { hygiene } from './config/hygiene.ts';
import { bus, cache, log, retention, store, undo } from './config/storage.ts';
import { classes, lock, packages, pools, triggers, work, workers } from './config/work.ts';

/** Every setting of a workspace, its default and its sentence. */
export const ConfigSchema = z.strictObject({
  version: z.literal(1).default(1).describe('version of this file'),
  hygiene,
  policy,
  sandbox,
  audit,
  log,
  store,
  bus,
  classes,
  packages,
  pools,
  work,
  triggers,
  http,
  mcp,
  undo,
  lock,
  cache,
  retention,
  workers,
});

export type Config = z.infer<typeof ConfigSchema>;
