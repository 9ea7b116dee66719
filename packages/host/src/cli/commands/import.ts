import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { CadreError } from '@cadre/core';
import { findConfigFile, parseConfig, setConfig } from '@cadre/kit/config';
import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';
import { ConfigSchema } from '../../config.ts';
import { loadWorkflow } from '../../resources/load-workflow.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type Translation, translateTable } from '../import/translate-table.ts';
import { mayWrite } from '../run/may-write.ts';
import { withApp } from '../with-app.ts';

const TABLES = ['routine-workflow', 'routine_workflow'];

/**
 * Takes over the table of the earlier tool from pyproject.toml into the workspace's settings. What stands there already
 * is kept, so doing it twice changes nothing.
 */
export const importSettings: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output, io, options } = invocation;
    const source = await sourceOf(invocation.arguments[0], io.cwd, app);
    const { settings, left } = translateTable(await readTable(source), await stepNames(app, io.cwd));
    const target = (await findConfigFile(app.place.root, 'cadre')) ?? join(app.place.root, 'cadre.yaml');
    const isSet = ({ key }: Translation) =>
      app.settings.explain(key).layers.some(({ layer }) => layer === 'workspace');
    const wanted = settings.filter((setting) => !isSet(setting));
    const kept = settings.filter(isSet).map(({ key }) => key);

    const file = relative(app.place.root, target);
    if (wanted.length > 0) output.line(`${file} would get, from ${relative(io.cwd, source)}:\n`);
    for (const { key, value, from } of wanted) output.line(`  ${key}: ${JSON.stringify(value)}   (${from})`);
    if (kept.length > 0) output.line(`\nThere already, and kept: ${kept.join(', ')}`);
    if (left.length > 0) output.line('\nWithout counterpart:');
    for (const { key, reason } of left) output.line(`  ${key}: ${reason}`);

    const written = wanted.length > 0 && (await mayWrite(`Write ${file}?`, options['yes'] === true, io));
    if (written) await write(target, wanted);
    output.document({ file: target, written, settings: Object.fromEntries(wanted.map(pair)), kept, left });
    if (wanted.length === 0) output.line('\nThere is nothing to take over.');
    else
      output.line(
        written ? '\nWritten. See it with: cadre config list' : '\nNothing was written. Write it with --yes.',
      );
    return EXIT.ok;
  });

const pair = ({ key, value }: Translation) => [key, value] as const;

async function sourceOf(named: string | undefined, cwd: string, { place }: App): Promise<string> {
  const path = named === undefined ? place.root : resolve(cwd, named);
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? join(path, 'pyproject.toml') : path;
}

async function readTable(source: string): Promise<JsonObject> {
  const text = await readFile(source, 'utf8').catch((cause: unknown) => {
    throw new CadreError('not_found', `there is no ${source}`, { cause, hint: 'cadre import FILE' });
  });
  const tool = parseConfig(source, text).data['tool'] as JsonObject | undefined;
  const table = TABLES.map((name) => tool?.[name]).find((value) => value !== undefined);
  if (typeof table === 'object' && table !== null && !Array.isArray(table)) return table;
  throw new CadreError('not_found', `${source} has no table [tool.routine-workflow]`, {
    hint: 'write new settings with: cadre init',
  });
}

async function stepNames(app: App, cwd: string): Promise<string[]> {
  const { workflow } = await loadWorkflow('hygiene', app, cwd);
  return (workflow?.steps ?? []).flatMap(({ id, aliases = [] }) => [id, ...aliases]);
}

async function write(file: string, settings: readonly Translation[]): Promise<void> {
  for (const { key, value } of settings) await setConfig(file, key, value, { schema: ConfigSchema });
}
