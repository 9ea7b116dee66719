import { z } from 'zod';
import { duration, permissions, size } from './kinds.ts';

/** What workers may do, where they are confined, and the record of it. */

export const policy = z
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
  .describe('what workers may do');

export const sandbox = z
  .strictObject({
    seatbelt: z
      .boolean()
      .default(false)
      .describe('on macOS: confine workers by Seatbelt, if trying it shows that it holds'),
    container: z
      .strictObject({
        engine: z
          .string()
          .min(1)
          .optional()
          .describe('what starts containers: a program in PATH, or its path (default: podman, else docker)'),
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
  .describe('where workers are confined');

export const audit = z
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
  .describe('the record of every decision');
