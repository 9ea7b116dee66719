import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActionError } from '@cadre/sdk';
import type { Hook } from './hook.ts';
import { type LefthookConfig, parseLefthookConfig } from './lefthook/config.ts';
import { planLefthook } from './lefthook/plan.ts';
import type { PlanRequest } from './plan-request.ts';
import { parsePreCommitConfig } from './pre-commit/config.ts';
import { planPreCommit } from './pre-commit/plan.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

const PRE_COMMIT = ['.pre-commit-config.yaml', '.pre-commit-config.yml'];
const LEFTHOOK = ['lefthook', '.lefthook', '.config/lefthook'].flatMap((name) => [
  `${name}.yml`,
  `${name}.yaml`,
]);
const LOCAL_LEFTHOOK = ['lefthook-local', '.lefthook-local'].flatMap((name) => [
  `${name}.yml`,
  `${name}.yaml`,
]);
/** Configurations that extend one another without end. */
const MOST_EXTENDED = 20;

/** The configurations that a repository has, relative to its root. */
export function findConfigs({ repository: { root }, entries }: Snapshot): readonly string[] {
  const isThere = (name: string) => entries.has(name) || existsSync(join(root, name));
  return [PRE_COMMIT, LEFTHOOK].flatMap((names) => names.filter(isThere).slice(0, 1));
}

/** The hooks that a configuration asks for. Throws ActionError `invalid_config`, `not_found`. */
export async function planConfig(config: string, request: PlanRequest): Promise<readonly Hook[]> {
  const { snapshot } = request;
  const text = await readConfig(config, snapshot);
  if (text === undefined)
    throw new ActionError('not_found', `there is no ${config} in ${snapshot.repository.root}`);
  if (/lefthook[^/]*$/.test(config)) {
    return planLefthook(await readLefthook(config, text, snapshot), config, request);
  }
  return planPreCommit(parsePreCommitConfig(text, config), config, request);
}

async function readLefthook(config: string, text: string, snapshot: Snapshot): Promise<LefthookConfig> {
  const texts: [string, string][] = [];
  const waiting: [string, string][] = [[config, text]];
  for (
    let next = waiting.shift();
    next !== undefined && texts.length < MOST_EXTENDED;
    next = waiting.shift()
  ) {
    texts.push(next);
    for (const path of parseLefthookConfig([next]).extends) {
      const extended = await readConfig(path, snapshot);
      if (extended !== undefined) waiting.push([path, extended]);
    }
  }
  for (const name of LOCAL_LEFTHOOK) {
    const local = await readConfig(name, snapshot);
    if (local !== undefined) texts.push([name, local]);
  }
  return parseLefthookConfig(texts);
}

/** As it is staged; from the work tree when git does not know it, as with settings that are only for oneself. */
export async function readConfig(path: string, snapshot: Snapshot): Promise<string | undefined> {
  if (!snapshot.entries.has(path)) {
    return readFile(join(snapshot.repository.root, path), 'utf8').catch(() => undefined);
  }
  await snapshot.load([path]);
  return snapshot.original(path)?.content?.toString('utf8');
}
