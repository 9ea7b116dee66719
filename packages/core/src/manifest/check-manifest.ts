import type { ActionManifest, JsonSchema, JsonValue, Manifest } from '@cadre/sdk';
import { validRange } from 'semver';
import { isPackageId } from '../dependency/requirement.ts';
import { didYouMean } from '../nearest.ts';
import { covers, type Permission, parsePermission } from '../policy/permission.ts';
import { artifactsOf } from './artifact-schema.ts';
import { checkOwnCalls } from './check-own-calls.ts';
import { checkSchemaTypes } from './check-schema-types.ts';
import { checkValue } from './check-value.ts';
import { requirementsOf } from './requirements-of.ts';

/** A fault of meaning in a manifest whose shape is right. */
export interface ManifestFault {
  readonly severity: 'error' | 'warning';
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: string | undefined;
}

type Path = ManifestFault['path'];

/** Everything that the shape alone cannot say: names, permissions, examples, references inside the file. */
export function checkManifest(manifest: Manifest): readonly ManifestFault[] {
  const actions = manifest.actions.flatMap((action, index) =>
    checkAction(action, ['actions', index], manifest),
  );
  return [
    ...checkHead(manifest),
    ...checkPermissions(manifest.permissions, ['permissions']),
    ...checkNames(manifest.actions),
    ...checkDependencies(manifest),
    ...checkPrograms(manifest),
    ...checkOwnCalls(manifest),
    ...checkSchemaTypes(manifest.config, ['config']),
    ...actions,
  ];
}

function checkHead(manifest: Manifest): readonly ManifestFault[] {
  const { id, entrypoint, capabilities, actions, engines, licence } = manifest;
  const offersActions = capabilities.includes('actions');
  const range = engines?.cadre;
  return [
    ...faultIf(
      id.startsWith('cadre-'),
      ['id'],
      'ids that begin with cadre- are reserved',
      'choose another id',
    ),
    ...faultIf(
      leavesPackage(entrypoint),
      ['entrypoint'],
      'the entry point lies outside the package',
      'name a file of the package, relative to worker.yaml',
    ),
    ...faultIf(
      offersActions && actions.length === 0,
      ['capabilities'],
      'actions are promised and there are none',
      'list them under actions',
    ),
    ...faultIf(
      !offersActions && actions.length > 0,
      ['capabilities'],
      'there are actions that are not promised',
      'add actions to capabilities',
    ),
    ...faultIf(
      range !== undefined && validRange(range) === null,
      ['engines', 'cadre'],
      `${range} is not a version range`,
      'write for example ">=0.1.0"',
    ),
    ...warningIf(
      range === undefined,
      ['engines'],
      'no version of Cadre is named, so any is taken',
      'add engines: { cadre: ">=0.1.0" }',
    ),
    ...warningIf(licence === undefined, ['licence'], 'no licence is named', 'add licence: and its SPDX name'),
  ];
}

function checkPrograms({ programs = [], actions }: Manifest): readonly ManifestFault[] {
  const names = actions.map(({ name }) => name);
  return programs.flatMap(({ actions: callers = [] }, index) =>
    callers.flatMap((name, at) =>
      faultIf(
        !names.includes(name),
        ['programs', index, 'actions', at],
        `there is no action ${name}`,
        didYouMean(name, names) ?? `name one of ${names.join(', ')}`,
      ),
    ),
  );
}

function checkDependencies(manifest: Manifest): readonly ManifestFault[] {
  return requirementsOf(manifest).flatMap(({ kind, id, range }) => {
    const path = [kind === 'worker' ? 'dependencies' : 'skills', id];
    return [
      ...faultIf(
        !isPackageId(kind, id),
        path,
        `${JSON.stringify(id)} is no name of a ${kind}`,
        'write it as its manifest does',
      ),
      ...faultIf(kind === 'worker' && id === manifest.id, path, `${id} depends on itself`, 'leave it out'),
      ...faultIf(
        validRange(range) === null,
        path,
        `${range} is not a version range`,
        'write for example "^1.2"',
      ),
    ];
  });
}

function checkPermissions(permissions: readonly string[], path: Path): readonly ManifestFault[] {
  return permissions.flatMap((text, index) => {
    const parsed = parsePermission(text);
    return parsed.ok ? [] : [error([...path, index], parsed.message, parsed.suggestion)];
  });
}

function checkNames(actions: readonly ActionManifest[]): readonly ManifestFault[] {
  return actions.flatMap(({ name }, index) =>
    faultIf(
      actions.findIndex((other) => other.name === name) !== index,
      ['actions', index, 'name'],
      `there are two actions ${name}`,
      'give each a name of its own',
    ),
  );
}

function checkAction(action: ActionManifest, path: Path, manifest: Manifest): readonly ManifestFault[] {
  const changes = action.effects.some((effect) => effect !== 'none' && effect !== 'read');
  return [
    ...faultIf(
      action.effects.includes('none') && action.effects.length > 1,
      [...path, 'effects'],
      'none stands beside other effects',
      'leave none out',
    ),
    ...faultIf(
      !describesObject(action.input),
      [...path, 'input'],
      'the input is not described as an object',
      'write type: object',
    ),
    ...checkSchemaTypes(action.input, [...path, 'input']),
    ...checkSchemaTypes(action.output, [...path, 'output']),
    ...faultIf(
      action.pure === true && changes,
      [...path, 'pure'],
      `${action.name} changes something, so its result cannot rest on its input alone`,
      'name what it rests on: pure: { files: ["**"] }',
    ),
    ...faultIf(
      action.calls !== undefined && (action.pure ?? false) !== false,
      [...path, 'pure'],
      `${action.name} calls other actions, so its result rests on theirs`,
      'leave pure out: what it calls may be pure',
    ),
    ...checkArtifacts(action, path),
    ...checkNarrowing(action, path, manifest),
    ...checkExamples(action, path),
    ...warningIf(
      changes && action.preview === undefined,
      [...path, 'preview'],
      `${action.name} changes something and cannot show it before`,
      'add preview: scratch or report',
    ),
  ];
}

/** What is handed over as a file is a path to its author. */
function checkArtifacts(action: ActionManifest, path: Path): readonly ManifestFault[] {
  return (['input', 'output'] as const).flatMap((side) =>
    Object.keys(artifactsOf(action[side])).flatMap((name) => {
      const at = [side, 'properties', name, 'type'];
      return faultIf(
        typeAt(action[side], name) !== 'string',
        [...path, ...at],
        `${name} is handed over as a file, and is no path`,
        'write type: string beside format: artifact',
      );
    }),
  );
}

function typeAt({ properties }: JsonSchema, name: string): JsonValue | undefined {
  return (properties as Record<string, JsonSchema>)[name]?.['type'];
}

function checkNarrowing(action: ActionManifest, path: Path, manifest: Manifest): readonly ManifestFault[] {
  const own = action.permissions ?? [];
  const granted = manifest.permissions.flatMap(readable);
  return [
    ...checkPermissions(own, [...path, 'permissions']),
    ...own.flatMap((text, index) =>
      faultIf(
        readable(text).some((wanted) => !granted.some((one) => covers(one, wanted))),
        [...path, 'permissions', index],
        `${text} is not among the permissions of the worker`,
        didYouMean(text, manifest.permissions) ?? 'add it to permissions of the worker',
      ),
    ),
  ];
}

function checkExamples(action: ActionManifest, path: Path): readonly ManifestFault[] {
  return (action.examples ?? []).flatMap((example, index) => {
    const at = [...path, 'examples', index];
    const output =
      example.output === undefined ? [] : checkExample(action.output, example.output, [...at, 'output']);
    return [...checkExample(action.input, example.input, [...at, 'input']), ...output];
  });
}

function checkExample(schema: JsonSchema, value: JsonValue, path: Path): readonly ManifestFault[] {
  try {
    return checkValue(schema, value).map(({ pointer, message }) =>
      error([...path, ...pointer.split('/').slice(1)], `the example does not fit its schema: ${message}`),
    );
  } catch (cause) {
    return [
      error(path, `the schema cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`),
    ];
  }
}

function describesObject(schema: JsonSchema): boolean {
  return schema['type'] === 'object' || schema['$ref'] !== undefined;
}

function leavesPackage(entrypoint: string): boolean {
  return (
    entrypoint.startsWith('/') || /^[a-zA-Z]:/.test(entrypoint) || entrypoint.split(/[/\\]/).includes('..')
  );
}

function readable(text: string): readonly Permission[] {
  const parsed = parsePermission(text);
  return parsed.ok ? [parsed.permission] : [];
}

function faultIf(wrong: boolean, path: Path, message: string, suggestion: string): readonly ManifestFault[] {
  return wrong ? [error(path, message, suggestion)] : [];
}

function warningIf(
  wrong: boolean,
  path: Path,
  message: string,
  suggestion: string,
): readonly ManifestFault[] {
  return wrong ? [{ severity: 'warning', path, message, suggestion }] : [];
}

function error(path: Path, message: string, suggestion?: string): ManifestFault {
  return { severity: 'error', path, message, suggestion };
}
