import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkValue } from './check-value.ts';
import { manifestSchema } from './manifest-schema.ts';
import { parseManifest } from './parse-manifest.ts';

const FOLDER = join(import.meta.dirname, 'golden');

describe.each(readdirSync(FOLDER))('the golden manifest %s', (name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');

  test('[WRK-7] is valid, and nothing of it is lost or read as something else', () => {
    const parsed = parseManifest(text);
    expect(parsed.problems).toEqual([]);
    expect(parsed).toMatchObject({ ok: true, manifest: parse(text) });
  });

  test('[WRK-1] fits the published schema', () => {
    expect(checkValue(manifestSchema(), parse(text))).toEqual([]);
  });
});

test('[WRK-7] the newest golden manifest says everything that the schema knows', () => {
  const newest = readdirSync(FOLDER).sort().at(-1) ?? '';
  expect(unsaid(manifestSchema(), parse(readFileSync(join(FOLDER, newest), 'utf8')), '')).toEqual([]);
});

test('[WRK-1] every key of the schema explains itself', () => {
  expect(unexplained(manifestSchema(), '')).toEqual([]);
});

/** Keys that the schema has and no place of the document uses. */
function unsaid(schema: JsonObject, value: JsonValue | undefined, path: string): readonly string[] {
  const values = Array.isArray(value) ? value : [value];
  const below = alternatives(schema).flatMap((one) => [one, object(one['items'])]);
  return below.flatMap((one) =>
    Object.entries(object(one['properties'])).flatMap(([key, inner]) => {
      const found = values.flatMap((each) => (isObject(each) && each[key] !== undefined ? [each[key]] : []));
      const at = path === '' ? key : `${path}.${key}`;
      return found.length === 0 ? [at] : unsaid(object(inner), found.flat() as JsonValue, at);
    }),
  );
}

function unexplained(schema: JsonObject, path: string): readonly string[] {
  return alternatives(schema)
    .flatMap((one) => [one, object(one['items'])])
    .flatMap((one) =>
      Object.entries(object(one['properties'])).flatMap(([key, inner]) => {
        const at = path === '' ? key : `${path}.${key}`;
        const isTold = typeof object(inner)['description'] === 'string';
        return [...(isTold ? [] : [at]), ...unexplained(object(inner), at)];
      }),
    );
}

function alternatives(schema: JsonObject): readonly JsonObject[] {
  const others = schema['anyOf'];
  return [schema, ...(Array.isArray(others) ? others.map(object) : [])];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function object(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
