import { EFFECT_CLASSES, type JsonObject, type Manifest } from '@cadre/sdk';
import { z } from 'zod';
import { once } from '../once.ts';

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;

/** The table of WRK-1. Strict: a key that is not here is a mistake of the author. Made when it is first needed. */
export const manifestShape = once(() => {
  const text = z.string().min(1);
  const json = z.json();
  const jsonSchema = z.record(z.string(), json);

  const says = (what: string) => text.describe(what);
  const flag = (what: string) => z.boolean().describe(what).exactOptional();

  const program = z
    .strictObject({
      program: says('Its name, as it is found in PATH'),
      purpose: says('What it is needed for'),
      minimum: z
        .string()
        .regex(/^\d+(\.\d+){0,2}$/)
        .describe('The lowest version that will do')
        .exactOptional(),
      optional: flag('The worker can do without it'),
      actions: z.array(text).describe('The actions that call it; absent: all of them').exactOptional(),
      install: z.record(z.string(), text).describe('How to get it, by package manager').exactOptional(),
    })
    .describe('A program of the system that the worker calls');

  const cost = z.strictObject({
    time: says('How long it usually takes').exactOptional(),
    money: says('What it usually costs').exactOptional(),
    tokens: z.number().min(0).describe('Tokens of language models that it usually uses').exactOptional(),
    risk: z.enum(['low', 'medium', 'high']).describe('What can go wrong for people').exactOptional(),
  });

  const purity = z
    .strictObject({
      files: z.array(text).min(1).describe('Globs of files of the workspace whose content counts'),
      data: z.array(text).describe("Files of the worker's data folder whose content counts").exactOptional(),
      day: flag('The date (UTC) counts'),
    })
    .describe('What the output rests on besides the input');

  const example = z.strictObject({
    input: json.describe('An input that fits'),
    output: json.describe('What it gives for that; `cadre worker test` compares').exactOptional(),
  });

  const action = z.strictObject({
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,49}$/,
        'a name has lower-case letters, digits and hyphens and begins with a letter',
      )
      .describe('What steps call it by: `uses: WORKER/NAME`'),
    title: says('What people see instead of its name').exactOptional(),
    description: says('What it does, for people and models'),
    input: jsonSchema.describe('JSON Schema of the input'),
    output: jsonSchema.describe('JSON Schema of the output'),
    effects: z
      .array(z.enum(EFFECT_CLASSES))
      .min(1)
      .describe('What it does to the world; `none` alone for nothing'),
    idempotent: flag('Doing it twice with the same key is the same as doing it once'),
    pure: z
      .union([z.boolean(), purity])
      .describe('Its result may be kept: it rests on the input alone, or on what is named here too')
      .exactOptional(),
    cancel: flag('It ends early and tidily when it is told to'),
    preview: z
      .enum(['scratch', 'report'])
      .describe('How a plan shows what it would do: by doing it on a copy, or by telling it')
      .exactOptional(),
    permissions: z.array(text).describe('What it needs of the permissions of the worker').exactOptional(),
    calls: z
      .array(
        z
          .string()
          .regex(
            /^[a-z][a-z0-9-]{1,49}\/(\*|[a-z][a-z0-9-]{0,49})$/,
            'write worker/action, or worker/* for all of one worker; its version stands under dependencies',
          ),
      )
      .min(1)
      .describe('Actions that it may call, each with no more than it may itself')
      .exactOptional(),
    timeout: z
      .string()
      .regex(DURATION, 'write a duration such as 30s or 10m')
      .describe(
        'It is stopped after so long, unless the step says otherwise; goes before the default of a workflow',
      )
      .exactOptional(),
    class: z
      .enum(['cpu', 'io', 'llm', 'deploy'])
      .describe('What kind of work it is, of which so much is done at once (io)')
      .exactOptional(),
    cost: cost.describe('What planners may reckon with').exactOptional(),
    examples: z.array(example).describe('Inputs, and what they give').exactOptional(),
  });

  const dependency = z
    .union([
      text,
      z.strictObject({
        range: says('Versions that will do'),
        optional: flag('The worker can do without it'),
      }),
    ])
    .describe('Versions that will do, such as ^1.2');

  const atLeast = (least: number, what: string) => z.number().int().min(least).describe(what).exactOptional();
  const resources = z
    .strictObject({
      memoryMiB: atLeast(32, 'Heap of its process'),
      cpuSeconds: atLeast(1, 'Processor time of one call'),
      diskMiB: atLeast(1, 'Written to disks by one call'),
      outputMiB: atLeast(1, 'Lines that one call writes'),
      processes: atLeast(16, 'Processes and threads'),
      openFiles: atLeast(64, 'Open files of one process'),
    })
    .describe('The most that it needs; settings may narrow it');

  return z
    .strictObject({
      id: z
        .string()
        .regex(/^[a-z][a-z0-9-]{1,49}$/, 'an id has 2 to 50 lower-case letters, digits and hyphens')
        .describe('What it is called everywhere'),
      version: z
        .string()
        .regex(VERSION, 'write a semantic version such as 1.2.0')
        .describe('Semantic version; `cadre worker diff` says the least that a change takes'),
      name: says('What people see instead of its id').exactOptional(),
      description: says('What it is for').exactOptional(),
      author: says('Who made it').exactOptional(),
      licence: says('SPDX expression, such as MIT').exactOptional(),
      homepage: says('Address of its page').exactOptional(),
      icon: says('File inside the package').exactOptional(),
      tags: z.array(text).describe('Words to find it by').exactOptional(),
      capabilities: z
        .array(z.enum(['actions', 'events', 'steps', 'notifiers', 'panels', 'remedies']))
        .describe('What the package contributes'),
      permissions: z.array(text).describe('type:scope, for example fs:write:. or net:api.example.org:443'),
      entrypoint: says('File inside the package that is started: with Node, or by itself'),
      strategy: z
        .enum(['import', 'thread', 'program'])
        .describe(
          'import (default): with Node; thread: in a thread of its own, for what computes long; program: an executable that speaks the protocol',
        )
        .exactOptional(),
      actions: z.array(action).default([]).describe('What it can do'),
      programs: z.array(program).describe('Programs of the system that it calls').exactOptional(),
      engines: z
        .strictObject({ cadre: says('Versions of Cadre that it works with').exactOptional() })
        .describe('What it needs around it')
        .exactOptional(),
      config: jsonSchema.describe('JSON Schema of the settings').exactOptional(),
      secrets: z
        .array(
          z.strictObject({ name: says('Its name, as in secret:NAME'), purpose: says('What it is used for') }),
        )
        .describe('Secrets that it may ask for')
        .exactOptional(),
      dependencies: z
        .record(z.string(), dependency)
        .describe('Other workers that it depends on, or calls, each with a range of versions')
        .exactOptional(),
      skills: z
        .record(z.string(), dependency)
        .describe('Skills that it depends on, each with a range of versions')
        .exactOptional(),
      platforms: z
        .array(z.enum(['linux', 'darwin', 'win32']))
        .describe('Systems that it works on; absent: all')
        .exactOptional(),
      isolation: z
        .enum(['process', 'os', 'container', 'remote'])
        .describe('The tier that it wishes for: policy may give it a stronger one, never a weaker one')
        .exactOptional(),
      resources: resources.exactOptional(),
    })
    .describe('Manifest of a Cadre worker (worker.yaml)') satisfies z.ZodType<Manifest>;
});

/** The JSON Schema of `worker.yaml`, for editors. */
export function manifestSchema(): JsonObject {
  const schema = z.toJSONSchema(manifestShape(), { io: 'input' }) as JsonObject;
  return { $id: 'https://cadre.dev/schema/v1/worker.json', title: 'Manifest of a Cadre worker', ...schema };
}
