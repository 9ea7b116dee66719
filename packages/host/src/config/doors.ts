import { z } from 'zod';
import { duration } from './kinds.ts';

/** Who may come in. */

export const http = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('address on which cadre serve listens'),
    port: z.number().int().min(0).max(65_535).default(4717).describe('port on which cadre serve listens'),
    token: z
      .string()
      .min(1)
      .optional()
      .meta({ secret: true })
      .describe(
        'who reads events or metrics has to show it (default: whoever is on this machine may); CADRE_HTTP__TOKEN',
      ),
    limits: z
      .strictObject({
        inFlight: z.number().int().min(1).default(256).describe('requests that are being answered at once'),
        delay: duration.default('250ms').describe('how late the process may be with what it has to do'),
        waiting: z
          .number()
          .int()
          .min(1)
          .default(10_000)
          .describe('firings, or attempts of one class, that wait to be begun'),
      })
      .prefault({})
      .describe('beyond them new work is refused until there is less; what was taken on goes on'),
  })
  .prefault({})
  .describe('the server for webhooks and events');

export const mcp = z
  .strictObject({
    tools: z
      .array(z.string())
      .default(['read:*', 'plan:*', 'run:read'])
      .describe(
        'what MCP clients are offered: read:GLOB (actions that change nothing), action:GLOB, plan:GLOB, workflow:GLOB, run:read, run:cancel, run:answer',
      ),
  })
  .prefault({})
  .describe('Cadre as an MCP server');
