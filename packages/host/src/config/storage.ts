import { z } from 'zod';
import { duration, keeping } from './kinds.ts';

/** Where things are kept, and for how long. */

export const store = z
  .strictObject({
    url: z
      .string()
      .optional()
      .meta({ secret: true })
      .describe(
        'postgres://USER:PASSWORD@HOST/DATABASE, shared by many processes (default: a file of this machine); CADRE_STORE__URL',
      ),
    schema: z
      .string()
      .optional()
      .describe("schema of this workspace in that database (default: cadre_ and the folder's name)"),
  })
  .prefault({})
  .describe('where runs, events and grants are kept');

export const bus = z
  .strictObject({
    url: z
      .string()
      .optional()
      .meta({ secret: true })
      .describe(
        'redis://USER:PASSWORD@HOST:6379, by which processes that share a store wake each other (default: NOTIFY of PostgreSQL); CADRE_REDIS_URL',
      ),
  })
  .prefault({})
  .describe('how processes tell each other that something happened');

export const log = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('least level that is written'),
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
    mask: z
      .array(z.string())
      .default([])
      .describe('patterns (RE2 syntax); what fits one is *** in every log, and in what failures say'),
  })
  .prefault({})
  .describe('the log file');

export const undo = z
  .strictObject({
    keep: z
      .number()
      .int()
      .min(0)
      .default(10)
      .describe('runs that can be undone; 0: nothing is kept for that'),
  })
  .prefault({})
  .describe('what is kept to undo runs');

export const cache = z
  .strictObject({
    enabled: z.boolean().default(true).describe('answer what did not change from kept results'),
    ttl: duration.default('1d').describe('how long a result holds'),
    maxBytes: z
      .number()
      .int()
      .min(0)
      .default(1024 ** 3)
      .describe('room for results; the least recently used go first'),
  })
  .prefault({})
  .describe('results of actions, kept from run to run');

export const retention = z
  .strictObject({
    runs: keeping('90d', 'runs that are over: events, effects, documents, and what is left of their logs'),
    plans: keeping('7d', 'plans'),
    logs: keeping('90d', 'what the steps of runs that are over said'),
    artifacts: z
      .strictObject({
        temporary: keeping('7d', 'large values of plans'),
        standard: keeping('90d', 'large values of runs'),
      })
      .prefault({})
      .describe('values that are too large for a journal; those that are kept stay for ever'),
    firings: z
      .strictObject({
        after: duration.default('90d').describe('how long after the trigger has fired; 0s: for ever'),
        most: z.number().int().min(0).default(1_000).describe('of each trigger at most; 0: no limit'),
      })
      .prefault({})
      .describe('what triggers have done, and events that were dealt with'),
    tombstones: z
      .strictObject({
        most: z
          .number()
          .int()
          .min(0)
          .default(100_000)
          .describe('at most, the oldest go first, and at least the newest 100 stay; 0: no limit'),
      })
      .prefault({})
      .describe('what is left of runs that were removed: id, status, times, digest'),
  })
  .prefault({})
  .describe('how long what runs leave behind is kept; pinned runs and holds are exempt');
