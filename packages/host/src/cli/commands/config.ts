import { faultLine } from '@cadre/kit/config';
import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const listConfig: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    invocation.output.document(app.settings.shown());
    const rows = app.settings
      .keys()
      .map((key) => [key, JSON.stringify(app.settings.explain(key).value), originOf(app, key)]);
    printTable(['key', 'value', 'origin'], rows, invocation.output);
    return EXIT.ok;
  });

export const getConfig: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [key = ''] = invocation.arguments;
    const { value } = app.settings.explain(key);
    invocation.output.document({ key, value });
    invocation.output.line(typeof value === 'string' ? value : JSON.stringify(value));
    return EXIT.ok;
  });

export const setConfigValue: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [key = '', text = ''] = invocation.arguments;
    const change = await app.setConfig(key, text);
    invocation.output.document(change);
    invocation.output.line(`${change.key} is now ${JSON.stringify(change.new)} in ${change.file}`);
    return EXIT.ok;
  });

function told(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

export const explainConfig: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [key = ''] = invocation.arguments;
    const explained = app.settings.explain(key);
    const { output } = invocation;
    output.document(explained);
    output.line(`${output.colours.bold(key)} = ${told(explained.value)}`);
    if (explained.description !== undefined) output.line(`  ${explained.description}`);
    output.line(`  default: ${told(explained.default)}`);
    for (const { origin, value, wins } of explained.layers) {
      output.line(`${wins ? output.colours.green('→') : ' '} ${origin}: ${JSON.stringify(value)}`);
    }
    return EXIT.ok;
  });

export const checkConfig: CommandHandler = (invocation) =>
  // Opening the workspace reads and checks all of it; a fault is thrown with every place that is wrong.
  withApp(invocation, async (app) => {
    const files = app.settings.files;
    invocation.output.document({ files, warnings: app.settings.warnings });
    for (const warning of app.settings.warnings) invocation.output.line(`warning ${faultLine(warning)}`);
    invocation.output.line(
      files.length === 0 ? 'No configuration file: defaults hold.' : `✓ ${files.join(', ')}`,
    );
    return EXIT.ok;
  });

function originOf(app: App, key: string): string {
  return app.settings.explain(key).layers.findLast(({ wins }) => wins)?.origin ?? 'default';
}
