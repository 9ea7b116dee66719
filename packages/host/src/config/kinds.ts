import { z } from 'zod';

export const permissions = z
  .array(z.string())
  .describe('permissions as type:scope, for example net:hooks.slack.com:443');

export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'write a duration such as 90s, 12h or 1d');

export const size = z.string().regex(/^\d+(\.\d+)?( ?[kMGT]i?B)?$/i, 'write a size such as 512MiB or 2GiB');

export const keeping = (after: string, what: string) =>
  z
    .strictObject({
      after: duration.default(after).describe('how long after its end, or its last use; 0s: for ever'),
      most: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('of how many at most, the oldest go first; 0: no limit'),
      maxBytes: z.number().int().min(0).default(0).describe('room at most, the oldest go first; 0: no limit'),
    })
    .prefault({})
    .describe(what);
