import { EFFECT_CLASSES, type JsonObject, type Manifest } from '@cadre/sdk';
import { z } from 'zod';
import { once } from '../once.ts';

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;

/** The table of WRK-1. Strict: a key that is not here is a mistake of the author. Made when it is first needed. */
export const manifestShape = once(() => {
  const text = z.string().min(1);
  const optionalText = text.exactOptional();
  const json = z.json();
  const jsonSchema = z.record(z.string(), json);

  const program = z
    .strictObject({
      program: text,
      purpose: text,
      minimum: z
        .string()
        .regex(/^\d+(\.\d+){0,2}$/)
        .exactOptional(),
      optional: z.boolean().exactOptional(),
      actions: z.array(text).describe('The actions that call it; absent: all of them').exactOptional(),
      install: z.record(z.string(), text).describe('How to get it, by package manager').exactOptional(),
    })
    .describe('A program of the system that the worker calls');

  const cost = z.strictObject({
    time: optionalText,
    money: optionalText,
    tokens: z.number().min(0).exactOptional(),
    risk: z.enum(['low', 'medium', 'high']).exactOptional(),
  });

  const purity = z
    .strictObject({
      files: z.array(text).min(1).describe('Globs of files of the workspace whose content counts'),
      data: z.array(text).describe("Files of the worker's data folder whose content counts").exactOptional(),
      day: z.boolean().describe('The date (UTC) counts').exactOptional(),
    })
    .describe('What the output rests on besides the input');

  const action = z.strictObject({
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,49}$/,
        'a name has lower-case letters, digits and hyphens and begins with a letter',
      ),
    title: optionalText,
    description: text,
    input: jsonSchema.describe('JSON Schema of the input'),
    output: jsonSchema.describe('JSON Schema of the output'),
    effects: z
      .array(z.enum(EFFECT_CLASSES))
      .min(1)
      .describe('What it does to the world; `none` alone for nothing'),
    idempotent: z.boolean().exactOptional(),
    pure: z.union([z.boolean(), purity]).exactOptional(),
    cancel: z.boolean().exactOptional(),
    preview: z.enum(['scratch', 'report']).exactOptional(),
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
    timeout: z.string().regex(DURATION, 'write a duration such as 30s or 10m').exactOptional(),
    class: z.enum(['cpu', 'io', 'llm', 'deploy']).exactOptional(),
    cost: cost.exactOptional(),
    examples: z.array(z.strictObject({ input: json, output: json.exactOptional() })).exactOptional(),
  });

  const dependency = z.union([text, z.strictObject({ range: text, optional: z.boolean().exactOptional() })]);

  const atLeast = (least: number) => z.number().int().min(least).exactOptional();
  const resources = z
    .strictObject({
      memoryMiB: atLeast(32),
      cpuSeconds: atLeast(1),
      diskMiB: atLeast(1),
      outputMiB: atLeast(1),
      processes: atLeast(16),
      openFiles: atLeast(64),
    })
    .describe('The most that it needs; settings may narrow it');

  return z
    .strictObject({
      id: z
        .string()
        .regex(/^[a-z][a-z0-9-]{1,49}$/, 'an id has 2 to 50 lower-case letters, digits and hyphens'),
      version: z.string().regex(VERSION, 'write a semantic version such as 1.2.0'),
      name: optionalText,
      description: optionalText,
      author: optionalText,
      licence: optionalText,
      homepage: optionalText,
      icon: optionalText,
      tags: z.array(text).exactOptional(),
      capabilities: z.array(z.enum(['actions', 'events', 'steps', 'notifiers', 'panels', 'remedies'])),
      permissions: z.array(text).describe('type:scope, for example fs:write:. or net:api.example.org:443'),
      entrypoint: text.describe('File inside the package that is started: with Node, or by itself'),
      strategy: z
        .enum(['import', 'thread', 'program'])
        .describe(
          'import (default): with Node; thread: in a thread of its own, for what computes long; program: an executable that speaks the protocol',
        )
        .exactOptional(),
      actions: z.array(action).default([]),
      programs: z.array(program).exactOptional(),
      engines: z.strictObject({ cadre: optionalText }).exactOptional(),
      config: jsonSchema.describe('JSON Schema of the settings').exactOptional(),
      secrets: z.array(z.strictObject({ name: text, purpose: text })).exactOptional(),
      dependencies: z
        .record(z.string(), dependency)
        .describe('Other workers that it depends on, or calls, each with a range of versions')
        .exactOptional(),
      skills: z
        .record(z.string(), dependency)
        .describe('Skills that it depends on, each with a range of versions')
        .exactOptional(),
      platforms: z.array(z.enum(['linux', 'darwin', 'win32'])).exactOptional(),
      isolation: z.enum(['process', 'os', 'container', 'remote']).exactOptional(),
      resources: resources.exactOptional(),
    })
    .describe('Manifest of a Cadre worker (worker.yaml)') satisfies z.ZodType<Manifest>;
});

/** The JSON Schema of `worker.yaml`, for editors. */
export function manifestSchema(): JsonObject {
  const schema = z.toJSONSchema(manifestShape(), { io: 'input' }) as JsonObject;
  return { $id: 'https://cadre.dev/schema/v1/worker.json', title: 'Manifest of a Cadre worker', ...schema };
}
