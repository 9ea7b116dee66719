import { dependencyChanges } from '../manifest/dependency-changes.ts';
import {
  change,
  type ManifestChange,
  type ManifestDifference,
  versionDifference,
} from '../manifest/version-difference.ts';
import type { Skill } from './skill.ts';

/** A skill and the files beside its `SKILL.md`. */
export interface SkillContent {
  readonly skill: Skill;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/**
 * What changed between two versions of a skill, and which step of the version that takes. A break is what whoever uses the version
 * before would have to do something about: another name, something further that it requires, tools that it wants to use unasked.
 */
export function diffSkills(before: SkillContent, after: SkillContent): ManifestDifference {
  const [was, now] = [before.skill, after.skill];
  const tools = now.allowedTools.filter((tool) => !was.allowedTools.includes(tool));
  const lost = was.allowedTools.filter((tool) => !now.allowedTools.includes(tool));
  const required = dependencyChanges(was.requires, now.requires, 'major');
  const unasked = tools.map((tool) => `it wants ${tool} to be used without asking`);
  const scripts = newScripts(before, after).map((path) => `it brings the script ${path}`);
  const changes: ManifestChange[] = [
    ...(was.id === now.id ? [] : [change('major', `it was called ${was.id} and is called ${now.id}`)]),
    ...required.changes,
    ...unasked.map((says) => change('major', says)),
    ...lost.map((tool) => change('minor', `it does not want ${tool} unasked any more`)),
    ...(was.cadre === now.cadre
      ? []
      : [change('minor', `it wants Cadre ${now.cadre ?? '*'} and wanted ${was.cadre ?? '*'}`)]),
    // By its description a bot decides whether to take it up at all.
    ...(was.description === now.description ? [] : [change('minor', 'its description says something else')]),
    ...(was.instructions === now.instructions
      ? []
      : [change('patch', 'its instructions say something else')]),
    ...(was.compatibility === now.compatibility
      ? []
      : [change('patch', 'what it needs of its surroundings is described differently')]),
    ...filesChanged(before, after),
  ];
  return versionDifference(was.version, now.version, changes, [...required.wider, ...unasked, ...scripts]);
}

function filesChanged(before: SkillContent, after: SkillContent): readonly ManifestChange[] {
  const was = hashesOf(before);
  const now = hashesOf(after);
  return [
    ...[...was.keys()].filter((path) => !now.has(path)).map((path) => change('minor', `${path} is gone`)),
    ...[...now].flatMap(([path, hash]) => {
      const former = was.get(path);
      if (former === undefined) return [change('minor', `${path} is new`)];
      return former === hash ? [] : [change('patch', `${path} has changed`)];
    }),
  ];
}

function newScripts(before: SkillContent, after: SkillContent): readonly string[] {
  const was = hashesOf(before);
  return scriptsOf(after).filter((path) => !was.has(path));
}

/** The files that are there to be run. */
export function scriptsOf({ files }: SkillContent): readonly string[] {
  return files.map(({ path }) => path).filter((path) => path.startsWith('scripts/'));
}

function hashesOf({ files }: SkillContent): ReadonlyMap<string, string> {
  return new Map(files.filter(({ path }) => path !== 'SKILL.md').map(({ path, sha256 }) => [path, sha256]));
}
