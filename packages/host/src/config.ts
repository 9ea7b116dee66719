import { z } from 'zod';

const permissions = z
  .array(z.string())
  .describe('permissions as type:scope, for example net:hooks.slack.com:443');

const duration = z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'write a duration such as 90s, 12h or 1d');

const size = z.string().regex(/^\d+(\.\d+)?( ?[kMGT]i?B)?$/i, 'write a size such as 512MiB or 2GiB');

const keeping = (after: string, what: string) =>
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

/** Every setting of a workspace, its default and its sentence. */
export const ConfigSchema = z.strictObject({
  version: z.literal(1).default(1).describe('version of this file'),
  hygiene: z
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
      tiers: z
        .strictObject({
          builtIn: z
            .enum(['process', 'os', 'container', 'remote'])
            .default('process')
            .describe('that come with Cadre'),
          signed: z
            .enum(['process', 'os', 'container', 'remote'])
            .default('os')
            .describe('of packages that somebody whom you trust has signed'),
          unsigned: z
            .enum(['os', 'container', 'remote'])
            .default('os')
            .describe('of the workspace, and of packages that nobody whom you trust has signed'),
        })
        .prefault({})
        .describe(
          'the weakest confinement in which workers are run; where the machine offers less they are refused',
        ),
      limits: z
        .strictObject({
          cpu: duration
            .optional()
            .describe('processor time of one call (default: what its time limit gives it)'),
          memory: size
            .optional()
            .describe('of a worker with its programs (default: three quarters of the machine)'),
          processes: z.number().int().min(16).optional().describe('processes and threads of a worker (2048)'),
          openFiles: z.number().int().min(64).optional().describe('of any one process (16384)'),
          disk: size.optional().describe('written to disks by one call (64GiB)'),
          output: size.optional().describe('lines that one call writes (256MiB)'),
        })
        .prefault({})
        .describe(
          'the most that any call of a worker may use; a call that uses more is ended with limit_exceeded',
        ),
      budget: z
        .enum(['warn', 'ask'])
        .default('warn')
        .describe(
          'what happens when four fifths of a budget are used: say so, or ask before anything more begins',
        ),
    })
    .prefault({})
    .describe('what workers may do'),
  sandbox: z
    .strictObject({
      container: z
        .strictObject({
          engine: z
            .string()
            .min(1)
            .optional()
            .describe(
              'what starts containers: a program in PATH, or its path (default: podman, else docker)',
            ),
          runtime: z
            .string()
            .min(1)
            .optional()
            .describe('what the engine starts them with, such as runsc, which brings a kernel of its own'),
          image: z
            .string()
            .min(1)
            .optional()
            .describe(
              'an image that is there already, for its programs (default: the programs of this machine)',
            ),
        })
        .prefault({})
        .describe('tier 3'),
      remote: z
        .strictObject({
          command: z
            .array(z.string().min(1))
            .min(1)
            .optional()
            .describe(
              'program with arguments whose standard input and output lead to `cadre sandbox-host` on another machine, such as ssh -T runner@box.example.org cadre sandbox-host',
            ),
          files: z
            .number()
            .int()
            .min(1)
            .default(200_000)
            .describe('files and folders that are carried there for one worker at most'),
          size: size.default('2GiB').describe('what is in them at most'),
        })
        .prefault({})
        .describe('tier 4: workers on another machine'),
    })
    .prefault({})
    .describe('where workers are confined'),
  audit: z
    .strictObject({
      anchor: z
        .string()
        .optional()
        .describe(
          'file outside of the data folder, for example on another disk, to which signed heads of the record are appended',
        ),
      keep: z
        .string()
        .regex(
          /^(0s|([3-9]\d|[1-9]\d{2,})d)$/,
          'write 0s, which is for ever, or a number of days such as 400d, 30 at least',
        )
        .default('0s')
        .describe('how long records are kept, 30 days at least, for example 400d; 0s: for ever'),
      archive: z
        .string()
        .optional()
        .describe('folder into which records are written before they are removed (default: nowhere)'),
      keys: z
        .array(z.string().regex(/^[0-9a-f]{32}$/, 'write the id of a key, as cadre audit verify names it'))
        .default([])
        .describe('keys of other installations that may remove old records of a store that is shared'),
    })
    .prefault({})
    .describe('the record of every decision'),
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
      mask: z
        .array(z.string())
        .default([])
        .describe('patterns (RE2 syntax); what fits one is *** in every log, and in what failures say'),
    })
    .prefault({})
    .describe('the log file'),
  store: z
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
    .describe('where runs, events and grants are kept'),
  bus: z
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
    .describe('how processes tell each other that something happened'),
  classes: z
    .record(
      z.string(),
      z.strictObject({
        atOnce: z.number().int().min(1).optional().describe('attempts at once in each process'),
        everywhere: z.number().int().min(1).optional().describe('attempts at once over all processes'),
      }),
    )
    .default({})
    .describe('classes of work: cpu (cores, at most 8), io (32), llm (4), deploy (2), and own ones'),
  packages: z
    .strictObject({
      catalogues: z
        .array(z.string())
        .default([])
        .describe(
          'where `cadre worker add NAME` looks: folders, or https addresses of folders, the first that has it',
        ),
    })
    .prefault({})
    .describe('packages of workers'),
  pools: z
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
    .describe('processes of single workers in each process of Cadre, by their id (0 to 4, stopped after 5m)'),
  work: z
    .strictObject({
      drain: z
        .string()
        .default('30s')
        .describe('how long cadre serve and cadre work wait, when they end, for what is under way'),
    })
    .prefault({})
    .describe('processes that perform what others have handed in'),
  triggers: z
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
    .describe('what starts runs by itself'),
  http: z
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
    .describe('the server for webhooks and events'),
  mcp: z
    .strictObject({
      tools: z
        .array(z.string())
        .default(['read:*', 'plan:*', 'run:read'])
        .describe(
          'what MCP clients are offered: read:GLOB (actions that change nothing), action:GLOB, plan:GLOB, workflow:GLOB, run:read, run:cancel, run:answer',
        ),
    })
    .prefault({})
    .describe('Cadre as an MCP server'),
  undo: z
    .strictObject({
      keep: z
        .number()
        .int()
        .min(0)
        .default(10)
        .describe('runs that can be undone; 0: nothing is kept for that'),
    })
    .prefault({})
    .describe('what is kept to undo runs'),
  lock: z
    .strictObject({
      wait: z.string().default('0s').describe('how long to wait for another run of the same workflow'),
    })
    .prefault({})
    .describe('one run at a time'),
  cache: z
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
    .describe('results of actions, kept from run to run'),
  retention: z
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
    .describe('how long what runs leave behind is kept; pinned runs and holds are exempt'),
  workers: z
    .record(z.string(), z.record(z.string(), z.json()))
    .default({})
    .describe('settings of single workers, by their id'),
});

export type Config = z.infer<typeof ConfigSchema>;
