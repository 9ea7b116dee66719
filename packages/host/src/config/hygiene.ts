import { z } from 'zod';

const globs = z.array(z.string()).optional();
const flag = z.boolean().optional();
const count = z.number().int().min(0).optional();

/** Inputs of the hygiene workflow that a repository may settle for all its runs; a test keeps the two lists equal. */
const hygieneInputs = {
  exclude: globs.describe('globs that are left alone'),
  jobs: count.describe("files worked on at once; 0: the machine's cores, at most 8"),
  check: flag.describe('report what would change and write nothing'),
  requireBackup: flag.describe('a failed backup stops the run before anything is written'),
  keepBackups: count.describe('backups kept'),
  requireTests: flag.describe('a repository without tests is not clean'),
  coverage: z.number().min(0).max(100).optional().describe('floor of line coverage in percent; 0: none'),
  security: flag.describe('scan the code for secrets and dangerous calls'),
  audit: flag.describe('look up locked dependencies in the advisories'),
  docs: flag.describe('build documentation of the API from comments'),
  docsFloor: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('least share of documented symbols in percent; 0: none'),
  docsStrict: flag.describe('warnings about the documentation fail its step'),
  threshold: z
    .enum(['info', 'low', 'medium', 'high', 'critical'])
    .optional()
    .describe('findings from this severity on fail the scan'),
  permanent: flag.describe('delete caches instead of moving them to the trash'),
  keepDumps: count.describe('earlier dumps kept'),
  commit: flag.describe('commit what the run changed'),
  commitScope: z
    .enum(['run', 'all'])
    .optional()
    .describe('run: only what the run changed; all: every change'),
  message: z.string().optional().describe('subject of the commit'),
  protected: globs.describe('branches that are never committed to or pushed'),
  push: flag.describe('push the branch after the commit'),
  webhook: z.string().optional().describe('address that is told how the run ended'),
  webhookKind: z.enum(['slack', 'discord', 'webhook']).optional().describe('what listens at that address'),
};

const profile = z
  .strictObject({
    extends: z.string().optional().describe('another profile, whose settings hold where this one has none'),
    steps: z.array(z.string()).optional().describe('only these steps, in this order'),
    skip: z.array(z.string()).optional().describe('all but these steps'),
    files: z
      .enum(['all', 'changed', 'staged'])
      .optional()
      .describe('all files, those that changed since the base branch, or those that are staged'),
    inputs: z.strictObject(hygieneInputs).optional().describe('settings that hold for this profile alone'),
    onError: z
      .record(z.string(), z.json())
      .optional()
      .describe(
        'what happens when a step has failed, by step: abort, continue, defer, escalate or { recover, then }',
      ),
    permissions: z
      .array(z.string())
      .optional()
      .describe('the most any step may be granted, as type:scope, for example fs:read:.'),
  })
  .describe('a named choice of steps, their order, settings and policies');

export const hygiene = z
  .strictObject({
    profile: z.string().default('standard').describe('profile used when none is named'),
    profiles: z.record(z.string(), profile).default({}).describe('own profiles'),
    timeout: z
      .union([z.number().min(0), z.string()])
      .default(0)
      .describe('limit of the whole run, in seconds or as in 20m; 0: none'),
    ...hygieneInputs,
  })
  .prefault({})
  .describe('the hygiene workflow');
