import type { JsonObject, JsonValue } from '../packages/sdk/src/index.ts';

interface Row {
  readonly path: string;
  readonly schema: JsonObject;
  readonly isRequired: boolean;
}

/** A JSON Schema as tables: one for what is written at the top, one for each definition that it refers to. */
export function schemaTables(schema: JsonObject): string {
  const definitions = Object.entries(asObject(schema['$defs'])).filter(
    ([, one]) => rowsOf(asObject(one), '').length > 0,
  );
  return [
    table(rowsOf(schema, '')),
    ...definitions.map(([name, one]) => `## ${name}\n\n${table(rowsOf(asObject(one), ''))}`),
  ].join('\n\n');
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ path, schema, isRequired }) =>
      `| \`${path}\`${isRequired ? ' *' : ''} | ${kindOf(schema)} | ${cell(notesOf(schema))} |`,
  );
  return ['| Key | Value | |', '|---|---|---|', ...lines].join('\n');
}

/** What may stand below, each with the path to it; of alternatives the keys of all of them, once. */
function rowsOf(schema: JsonObject, path: string): readonly Row[] {
  const required = asList(schema['required']);
  const own = Object.entries(asObject(schema['properties'])).flatMap(([name, value]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const found = asObject(value);
    return [{ path: at, schema: found, isRequired: required.includes(name) }, ...rowsOf(found, at)];
  });
  const more = [
    ...rowsBelow(schema['additionalProperties'], `${path}.NAME`),
    ...rowsBelow(schema['items'], `${path}[]`),
    // What one of them has to have the others need not.
    ...alternatives(schema).flatMap((one) =>
      rowsOf(one, path).map((row) => (isDirect(row.path, path) ? { ...row, isRequired: false } : row)),
    ),
  ];
  const seen = new Set<string>();
  return [...own, ...more].filter((row) => !seen.has(row.path) && seen.add(row.path));
}

function isDirect(path: string, above: string): boolean {
  return !path.slice(above === '' ? 0 : above.length + 1).includes('.');
}

function rowsBelow(value: JsonValue | undefined, path: string): readonly Row[] {
  if (value === undefined) return [];
  const schema = asObject(value);
  const rows = rowsOf(schema, path);
  return rows.length === 0 || schema['description'] === undefined
    ? rows
    : [{ path, schema, isRequired: false }, ...rows];
}

function alternatives(schema: JsonObject): readonly JsonObject[] {
  return [...asList(schema['anyOf']), ...asList(schema['oneOf']), ...asList(schema['allOf'])].map(asObject);
}

function kindOf(schema: JsonObject): string {
  const reference = schema['$ref'];
  // What zod names itself is a value of any kind.
  if (typeof reference === 'string' && nameOf(reference).startsWith('__')) return 'anything';
  if (typeof reference === 'string') return `[${nameOf(reference)}](#${nameOf(reference)})`;
  if (schema['const'] !== undefined) return code(schema['const']);
  const choices = asList(schema['enum']);
  if (choices.length > 0) return choices.map(code).join(' ');
  const kinds = alternatives(schema).map(kindOf);
  if (kinds.length > 0) return [...new Set(kinds)].join(' or ');
  const type =
    asList(schema['type']).length > 0
      ? asList(schema['type']).join(' or ')
      : String(schema['type'] ?? 'anything');
  if (type === 'array') return `list of ${kindOf(asObject(schema['items']))}`;
  return type === 'object' && schema['properties'] === undefined ? 'object by name' : type;
}

function notesOf(schema: JsonObject): string {
  const { description, default: usual, pattern, minimum, maximum, minLength, maxLength } = schema;
  const bounds = [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? [] : [`at most ${maximum}`]),
    ...(minLength === undefined || minLength === 1 ? [] : [`${minLength} characters or more`]),
    ...(maxLength === undefined ? [] : [`${maxLength} characters at most`]),
    ...(typeof pattern === 'string' ? [`fits ${code(pattern)}`] : []),
  ];
  const isTold = usual !== undefined && !(typeof usual === 'object' && Object.keys(usual ?? {}).length === 0);
  return [
    ...(typeof description === 'string' ? [description] : []),
    ...(bounds.length === 0 ? [] : [bounds.join(', ')]),
    ...(isTold ? [`default ${code(usual)}`] : []),
  ].join('; ');
}

function code(value: JsonValue | undefined): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A bar would begin the next column. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1) || 'top';
}

function asObject(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : {};
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
