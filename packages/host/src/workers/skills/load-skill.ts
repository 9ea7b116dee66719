import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CadreError, type Problem, parseSkill, type Skill } from '@cadre/core';
import { listPackageFiles } from '../packaging/list-package-files.ts';
import { digestOf, type PackageFile, type PackageIndex } from '../packaging/package-index.ts';

export type LoadedSkill =
  | {
      readonly ok: true;
      readonly content: { readonly skill: Skill; readonly files: readonly PackageFile[] };
      readonly digest: string;
      /** Warnings. */
      readonly problems: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What lies in a folder with a `SKILL.md`, and everything that is wrong with it. `id`: what it has to be called, if that matters. */
export async function loadSkill(folder: string, id: string | undefined): Promise<LoadedSkill> {
  const problems: Problem[] = [];
  const report = ({ message, hint }: CadreError) => problems.push(skillProblem('', message, hint));
  const files = await listPackageFiles(folder, { kind: 'skill', report }).catch((error: unknown) => {
    problems.push(
      skillProblem('', `its files cannot be read: ${error instanceof Error ? error.message : error}`),
    );
    return [];
  });
  const text = await readPlain(join(folder, 'SKILL.md'));
  if (text === undefined) {
    const message = 'there is no SKILL.md that can be read';
    return {
      ok: false,
      problems: [skillProblem('', message, 'cadre skill new makes a skill to begin with'), ...problems],
    };
  }
  const parsed = parseSkill(text, id === undefined ? {} : { folder: id });
  problems.unshift(...parsed.problems);
  if (!parsed.ok || problems.some(({ severity }) => severity === 'error')) return { ok: false, problems };
  const { skill } = parsed;
  const index: PackageIndex = { format: 1, kind: 'skill', id: skill.id, version: skill.version, files };
  return { ok: true, content: { skill, files }, digest: digestOf(index), problems };
}

/** Nothing else than a file: a link could show anything, and a pipe waits for ever. */
async function readPlain(file: string): Promise<string | undefined> {
  const found = await lstat(file).catch(() => undefined);
  return found?.isFile() === true ? readFile(file, 'utf8').catch(() => undefined) : undefined;
}

export function skillProblem(path: string, message: string, suggestion?: string): Problem {
  return {
    severity: 'error',
    code: 'invalid_skill',
    message,
    path,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
