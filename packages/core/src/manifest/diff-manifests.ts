import type { ActionManifest, JsonSchema, Manifest } from '@cadre/sdk';
import { covers, type Permission, parsePermission, permissionSentence } from '../policy/permission.ts';
import { callSentence, coversCall } from './calls.ts';
import { dependencyChanges } from './dependency-changes.ts';
import { requirementsOf } from './requirements-of.ts';
import { type SchemaChange, schemaChanges } from './schema-changes.ts';
import {
  change,
  type ManifestChange,
  type ManifestDifference,
  type VersionStep,
  versionDifference,
} from './version-difference.ts';

export type { ManifestChange, ManifestDifference, VersionStep } from './version-difference.ts';

/**
 * What changed between two versions of a worker, and which step of the version that takes (WRK-3): to remove or rename an action, to
 * narrow an input, to promise less of an output, or to widen permissions or effects is major.
 */
export function diffManifests(before: Manifest, after: Manifest): ManifestDifference {
  const changes = [...changesOfWorker(before, after), ...changesOfActions(before, after)];
  const wider = [
    ...widenedBy(before.permissions, after.permissions).map((one) => permissionSentence(after.id, one)),
    ...newCalls(before, after).map((call) => callSentence(after.id, call)),
  ];
  return versionDifference(before.version, after.version, changes, wider);
}

function changesOfWorker(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const gone = narrowedBy(before.permissions, after.permissions);
  const secrets = names(after.secrets).filter((name) => !names(before.secrets).includes(name));
  const programs = needed(after).filter((name) => !needed(before).includes(name));
  const config = schemaChanges(before.config ?? {}, after.config ?? {}, '');
  return [
    ...widenedBy(before.permissions, after.permissions).map((one) =>
      change('major', permissionSentence(after.id, one)),
    ),
    ...gone.map((text) => change('minor', `it does not ask for ${text} any more`)),
    ...secrets.map((name) => change('minor', `it knows a further secret, ${name}`)),
    ...programs.map((name) => change('minor', `it needs the program ${name}`)),
    ...dependencyChanges(requirementsOf(before), requirementsOf(after), 'minor').changes,
    ...config.map((one) =>
      change(one.kind === 'narrower' ? 'major' : 'minor', `setting ${placeOf(one)} ${one.says}`),
    ),
    ...(before.id === after.id
      ? []
      : [change('major', `it was called ${before.id} and is called ${after.id}`)]),
    ...(before.engines?.cadre === after.engines?.cadre
      ? []
      : [
          change(
            'minor',
            `it wants Cadre ${after.engines?.cadre ?? '*'} and wanted ${before.engines?.cadre ?? '*'}`,
          ),
        ]),
  ];
}

function changesOfActions(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const now = new Map(after.actions.map((action) => [action.name, action]));
  const was = new Map(before.actions.map((action) => [action.name, action]));
  return [
    ...before.actions.flatMap((action) => {
      const next = now.get(action.name);
      if (next === undefined) return [change('major', 'is gone', action.name)];
      return changesOfAction(action, next, before, after);
    }),
    ...after.actions.filter(({ name }) => !was.has(name)).map(({ name }) => change('minor', 'is new', name)),
  ];
}

function changesOfAction(
  before: ActionManifest,
  after: ActionManifest,
  oldWorker: Manifest,
  newWorker: Manifest,
): readonly ManifestChange[] {
  const { name } = after;
  const [oldPermissions, newPermissions] = [
    before.permissions ?? oldWorker.permissions,
    after.permissions ?? newWorker.permissions,
  ];
  const effects = after.effects.filter((effect) => effect !== 'none' && !before.effects.includes(effect));
  const lost = (has: (action: ActionManifest) => boolean, says: string) =>
    has(before) && !has(after) ? [change('major', says, name)] : [];
  return [
    ...inputChanges(before.input, after.input).map(([step, says]) => change(step, `input ${says}`, name)),
    ...outputChanges(before.output, after.output).map(([step, says]) => change(step, `output ${says}`, name)),
    ...effects.map((effect) => change('major', `it may ${effect} now`, name)),
    // The worker as a whole has said what is new to it already.
    ...widenedBy(oldPermissions, newPermissions)
      .filter((one) => oldWorker.permissions.flatMap(readable).some((known) => covers(known, one)))
      .map((one) => change('major', permissionSentence(newWorker.id, one), name)),
    ...callsBeyond(before.calls, after.calls).map((call) => change('major', `it may call ${call} now`, name)),
    ...callsBeyond(after.calls, before.calls).map((call) =>
      change('minor', `it does not call ${call} any more`, name),
    ),
    ...lost(
      ({ idempotent }) => idempotent === true,
      'doing it twice is not the same as doing it once any more',
    ),
    ...lost(({ preview }) => preview !== undefined, 'its effects are not shown before any more'),
    ...lost(({ cancel }) => cancel !== false, 'it cannot be stopped half-way any more'),
    ...(before.description === after.description ? [] : [change('patch', 'is described differently', name)]),
  ];
}

type Found = readonly [VersionStep, string];

/** Whoever calls it must go on being understood. */
function inputChanges(before: JsonSchema, after: JsonSchema): readonly Found[] {
  return schemaChanges(before, after).map((one) => [INPUT_STEPS[one.kind], `${placeOf(one)} ${one.says}`]);
}

/** Whoever reads it must go on finding what it relies on: there the wider is the worse. */
function outputChanges(before: JsonSchema, after: JsonSchema): readonly Found[] {
  return schemaChanges(before, after).map((one) => [outputStep(one), `${placeOf(one)} ${one.says}`]);
}

const INPUT_STEPS: Readonly<Record<SchemaChange['kind'], VersionStep>> = {
  narrower: 'major',
  wider: 'minor',
  described: 'patch',
};

function outputStep({ kind, says }: SchemaChange): VersionStep {
  if (kind === 'described') return 'patch';
  if (kind === 'narrower') return says === 'is not known any more' ? 'major' : 'minor';
  return says === 'is new' ? 'minor' : 'major';
}

function placeOf({ pointer }: SchemaChange): string {
  return pointer === '' ? 'as a whole' : pointer.slice(1);
}

function callsBeyond(had: readonly string[] = [], has: readonly string[] = []): readonly string[] {
  return has.filter((call) => !had.some((one) => coversCall(one, call)));
}

/** Of the worker as a whole, whichever of its actions they are called by. */
function newCalls(before: Manifest, after: Manifest): readonly string[] {
  const had = before.actions.flatMap(({ calls = [] }) => calls);
  return [...new Set(after.actions.flatMap(({ calls }) => callsBeyond(had, calls)))];
}

function widenedBy(before: readonly string[], after: readonly string[]): readonly Permission[] {
  const had = before.flatMap(readable);
  return after.flatMap(readable).filter((wanted) => !had.some((one) => covers(one, wanted)));
}

function narrowedBy(before: readonly string[], after: readonly string[]): readonly string[] {
  const has = after.flatMap(readable);
  return before.filter((text) => readable(text).some((had) => !has.some((one) => covers(one, had))));
}

function readable(text: string): readonly Permission[] {
  const parsed = parsePermission(text);
  return parsed.ok ? [parsed.permission] : [];
}

function names(secrets: Manifest['secrets']): readonly string[] {
  return (secrets ?? []).map(({ name }) => name);
}

function needed({ programs = [] }: Manifest): readonly string[] {
  return programs.filter(({ optional }) => optional !== true).map(({ program }) => program);
}
