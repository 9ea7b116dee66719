import { existsSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Problem } from '@cadre/core';
import type { Validated } from '../../ports/authoring.ts';
import { holdsSecret } from '../packaging/holds-secret.ts';
import { loadSkill, skillProblem } from './load-skill.ts';

/** Everything that can be said of a skill: its SKILL.md, its files, what it points to, and what nobody should give away. */
export async function validateSkill(folder: string): Promise<Omit<Validated, 'manifest'>> {
  const file = join(folder, 'SKILL.md');
  const loaded = await loadSkill(folder, basename(folder));
  const found = await lstat(file).catch(() => undefined);
  if (found?.isFile() !== true) return { file: undefined, problems: loaded.problems };
  const text = await readFile(file, 'utf8');
  const problems = [...loaded.problems, ...checkLinks(text, folder)];
  if (loaded.ok) {
    for (const { path, size } of loaded.content.files) {
      if (size > MOST_SEARCHED) continue;
      if (holdsSecret(await readFile(join(folder, path), 'latin1')))
        problems.push(
          skillProblem(
            path,
            `${path} holds something that looks like a secret`,
            'remove it, and have it replaced where it is used',
          ),
        );
    }
  }
  return { file, problems };
}

const MOST_SEARCHED = 2 ** 20;

/** Files of its own that it names in links and that are not there. */
function checkLinks(text: string, folder: string): readonly Problem[] {
  return text.split(/\r?\n/).flatMap((line, index) =>
    [...line.matchAll(/\]\(([^()\s#]+)[^()]*\)/g)].flatMap((match): readonly Problem[] => {
      const [, target = ''] = match;
      // Addresses, and what is no path.
      if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return [];
      const isInside = !target.startsWith('/') && !target.split('/').includes('..');
      if (isInside && existsSync(join(folder, target))) return [];
      return [
        {
          severity: 'warning',
          code: 'broken_link',
          message: isInside ? `there is no file ${target}` : `${target} lies outside of the skill`,
          path: '',
          position: { line: index + 1, column: match.index + 1 },
          suggestion: 'name a file of the skill, from its folder on',
        },
      ];
    }),
  );
}
