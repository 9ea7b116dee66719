import { z } from 'zod';

const permissions = z
  .array(z.string())
  .describe('permissions as type:scope, for example net:hooks.slack.com:443');

const profile = z
  .strictObject({
    extends: z.string().optional().describe('another profile, whose settings hold where this one has none'),
    steps: z.array(z.string()).optional().describe('only these steps, in this order'),
    skip: z.array(z.string()).optional().describe('all but these steps'),
    inputs: z.record(z.string(), z.json()).optional().describe('inputs of the workflow'),
  })
  .describe('a named choice of steps and inputs');

/** Every setting of a workspace, its default and its sentence. */
export const ConfigSchema = z.strictObject({
  version: z.literal(1).default(1).describe('version of this file'),
  hygiene: z
    .looseObject({
      profile: z.string().default('standard').describe('profile used when none is named'),
      profiles: z.record(z.string(), profile).default({}).describe('own profiles'),
      inputs: z.record(z.string(), z.json()).default({}).describe('inputs of the hygiene workflow'),
    })
    .prefault({})
    .describe('the hygiene workflow'),
  policy: z
    .strictObject({
      allow: permissions.default([]).describe('permissions that every worker has without being asked'),
      ask: permissions.default([]).describe('permissions that are asked for each time there is no grant'),
      deny: permissions.default([]).describe('permissions that nobody gets'),
      sandbox: z
        .enum(['require', 'warn'])
        .default('warn')
        .describe('what happens where the system cannot confine workers: refuse, or say so and go on'),
    })
    .prefault({})
    .describe('what workers may do'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('least level that is written'),
      format: z.enum(['text', 'json']).default('text').describe('text or JSON lines'),
      dir: z.string().optional().describe("folder of the log file (default: the system's place for logs)"),
      file: z.string().default('cadre.log').describe('name of the log file'),
      maxBytes: z
        .number()
        .int()
        .min(1024)
        .default(5 * 1024 * 1024)
        .describe('size at which the file is rotated'),
      keep: z.number().int().min(0).default(5).describe('rotated files kept'),
    })
    .prefault({})
    .describe('the log file'),
  lock: z
    .strictObject({
      wait: z.string().default('0s').describe('how long to wait for another run of the same workflow'),
    })
    .prefault({})
    .describe('one run at a time'),
  workers: z
    .record(z.string(), z.record(z.string(), z.json()))
    .default({})
    .describe('settings of single workers, by their id'),
});

export type Config = z.infer<typeof ConfigSchema>;
