import { z } from 'zod';
import { duration } from './kinds.ts';

/** Who does how much at once, and what begins by itself. */

export const classes = z
  .record(
    z.string(),
    z.strictObject({
      atOnce: z.number().int().min(1).optional().describe('attempts at once in each process'),
      everywhere: z.number().int().min(1).optional().describe('attempts at once over all processes'),
    }),
  )
  .default({})
  .describe('classes of work: cpu (cores, at most 8), io (32), llm (4), deploy (2), and own ones');

export const packages = z
  .strictObject({
    catalogues: z
      .array(z.string())
      .default([])
      .describe(
        'where `cadre worker add NAME` looks: folders, or https addresses of folders, the first that has it',
      ),
  })
  .prefault({})
  .describe('packages of workers');

export const pools = z
  .record(
    z.string(),
    z
      .strictObject({
        min: z
          .number()
          .int()
          .min(0)
          .max(4)
          .default(0)
          .describe('processes that cadre serve and cadre work keep warm for the next call'),
        max: z.number().int().min(1).max(32).default(4).describe('processes at once; further calls wait'),
        idle: duration.default('5m').describe('after so long without a call a process is stopped'),
        restart: z
          .enum(['never', 'on-failure', 'always'])
          .default('on-failure')
          .describe('what happens when a process ends by itself'),
        strategy: z
          .enum(['import', 'thread'])
          .exactOptional()
          .describe('how the code of a Node worker is run, other than its manifest says'),
        errors: z
          .number()
          .min(0)
          .max(1)
          .default(0.05)
          .describe('the share of its last 100 calls that may end by its own fault before it is degraded'),
      })
      .refine(({ min, max }) => min <= max, 'min is at most max'),
  )
  .default({})
  .describe('processes of single workers in each process of Cadre, by their id (0 to 4, stopped after 5m)');

export const work = z
  .strictObject({
    drain: z
      .string()
      .default('30s')
      .describe('how long cadre serve and cadre work wait, when they end, for what is under way'),
  })
  .prefault({})
  .describe('processes that perform what others have handed in');

export const triggers = z
  .strictObject({
    atOnce: z
      .number()
      .int()
      .min(1)
      .default(16)
      .describe('runs of triggers at once, over all processes; those that wait for a person do not count'),
    webhooksPerMinute: z
      .number()
      .int()
      .min(1)
      .default(60)
      .describe('deliveries of one webhook that are taken within a minute'),
  })
  .prefault({})
  .describe('what starts runs by itself');

export const lock = z
  .strictObject({
    wait: z.string().default('0s').describe('how long to wait for another run of the same workflow'),
  })
  .prefault({})
  .describe('one run at a time');

export const workers = z
  .record(z.string(), z.record(z.string(), z.json()))
  .default({})
  .describe('settings of single workers, by their id');
