import { z } from 'zod';

/** What both sides of a connection to a sandbox host say. Whoever changes it raises the number. */
export const REMOTE_PROTOCOL = 1;

/** How the first line begins that a sandbox host says; what follows is JSON. Then both go on in HTTP/2. */
export const GREETING = 'cadre-sandbox-host ';

export const MOST_GREETING_BYTES = 64 * 1024;
/** Of one line about one file. */
export const MOST_ENTRY_BYTES = 32 * 1024;
/** Of the list of what is wanted: one number a file. */
export const MOST_WANTED_BYTES = 16 * 1024 * 1024;
/** Of what a program is started with: its environment and the paths of what it was granted. */
export const MOST_START_BYTES = 16 * 1024 * 1024;

const path = z.string().max(4_096).refine(isPlainPath, 'an absolute path without detours');
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const mode = z.number().int().min(0).max(0o777);

/** Absolute, with one name for one place: no `.`, no `..`, no empty part, nothing that ends a text early. */
export function isPlainPath(text: string): boolean {
  return text.startsWith('/') && !text.includes('\0') && text.slice(1).split('/').every(isName);
}

function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255;
}

export const EntryShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path, size: count, mode, hash }),
  z.object({ kind: z.literal('folder'), path, mode }),
  z.object({
    kind: z.literal('link'),
    path,
    to: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^[^\0]+$/),
  }),
]);
/** One thing of a tree, as it travels. */
export type Entry = z.infer<typeof EntryShape>;

export const GoneShape = z.object({ kind: z.literal('gone'), path });
export const ChangeShape = z.union([EntryShape, GoneShape]);
export type Change = z.infer<typeof ChangeShape>;

/** Numbers of the list whose content is not there yet. */
export const WantedShape = z.object({ wanted: z.array(count) });
export const DoneShape = z.object({ done: z.literal(true) });

const usage = z.object({
  cpuMs: amount.exactOptional(),
  memoryBytes: amount.exactOptional(),
  measuredBy: z.enum(['control group', 'processes']).exactOptional(),
});

export const ReportShape = z.object({
  level: z.enum(['enforced', 'partial', 'advisory']),
  mechanism: z.string().max(100),
  missing: z.array(z.string().max(1_000)).max(20),
  hint: z.string().max(1_000).exactOptional(),
  measures: z.enum(['control group', 'processes']).exactOptional(),
});

export const GreetingShape = z.object({
  protocol: z.number(),
  version: z.string().max(100),
  report: ReportShape,
  installation: z.object({ node: path, dist: path, libraries: z.array(path).max(50), temporary: path }),
});
export type Greeting = z.infer<typeof GreetingShape>;

const limits = z.object({
  memoryBytes: amount,
  processes: amount,
  openFiles: amount,
  diskBytes: amount,
  outputBytes: amount,
  cpuMs: amount.exactOptional(),
});
const narrower = z.object({
  memoryBytes: amount.exactOptional(),
  processes: amount.exactOptional(),
  openFiles: amount.exactOptional(),
  diskBytes: amount.exactOptional(),
  outputBytes: amount.exactOptional(),
  cpuMs: amount.exactOptional(),
});

export const StartShape = z.object({
  command: z.array(z.string()).min(1),
  cwd: path,
  env: z.record(z.string(), z.string()),
  confinement: z.object({
    readable: z.array(path),
    writable: z.array(path),
    programs: z.array(z.string()),
    hosts: z.array(z.string()),
  }),
  /** Parts of it that are not to be seen; an empty file or folder stands in their place. */
  hidden: z.array(z.object({ path, kind: z.enum(['file', 'folder']) })),
  /** Of the other machine's own: its Node, its Cadre. */
  own: z.array(path),
  /** Sent, and kept there for the next time. */
  packages: z.array(path),
  caches: z.array(path),
  gitSettings: z.string(),
  hasProxy: z.boolean(),
  limits: z.object({ cpuMs: amount.exactOptional(), memoryBytes: amount.exactOptional() }).exactOptional(),
  most: narrower,
  entries: count,
});
export type Start = z.infer<typeof StartShape>;

export const StartedShape = z.object({ process: z.string().regex(/^[\w-]{1,64}$/), most: limits });

export const RefusedShape = z.object({
  code: z.string().max(100),
  message: z.string().max(10_000),
  hint: z.string().max(10_000).exactOptional(),
});
/** What stands in any answer instead of it when the other side will not. */
export const RefusalShape = z.object({ refused: RefusedShape });
export type Refused = z.infer<typeof RefusedShape>;

export const EndShape = z.object({
  code: z.number().int().nullable(),
  signal: z.string().max(20).nullable(),
  error: z.string().max(10_000).exactOptional(),
  exceededMemoryBytes: amount.exactOptional(),
  used: usage.exactOptional(),
});

const full = z.enum(['memory', 'processes']).exactOptional();

export const LoadShape = z.object({
  cpuMs: amount,
  memoryBytes: amount,
  processes: amount,
  openFiles: amount,
  writtenBytes: amount,
  full,
});
export const MeasuredShape = z.object({ usage: usage.exactOptional() });
export const UseShape = z.object({
  use: z.object({ memoryBytes: amount, peakBytes: amount, cpuMs: amount }).exactOptional(),
});

/** Before a call: how many changes follow. */
export const BringShape = z.object({ entries: count });
/** After a call: how many changes follow, and whether the system has refused the program anything. */
export const TakeShape = z.object({ entries: count, full });

export const ConnectionShape = z.object({ connection: z.string().regex(/^\d{1,15}$/) });
