import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const listConfig: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    invocation.output.document(app.config);
    const rows = [...flatten(app.config)].map(([key, value]) => [
      key,
      JSON.stringify(value),
      app.settings.explain(key).winner.origin,
    ]);
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
    const file = await app.settings.set(key, text);
    invocation.output.document({ key, file });
    invocation.output.line(`${key} is set in ${file}`);
    return EXIT.ok;
  });

export const explainConfig: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [key = ''] = invocation.arguments;
    const explained = app.settings.explain(key);
    const { output } = invocation;
    output.document(explained);
    output.line(`${output.colours.bold(key)} = ${JSON.stringify(explained.value)}`);
    if (explained.description !== undefined) output.line(`  ${explained.description}`);
    for (const layer of explained.layers) {
      const mark = layer.origin === explained.winner.origin ? output.colours.green('→') : ' ';
      output.line(`${mark} ${layer.origin}: ${JSON.stringify(layer.value)}`);
    }
    return EXIT.ok;
  });

export const checkConfig: CommandHandler = (invocation) =>
  // Opening the workspace reads and checks all of it; a fault is thrown with every place that is wrong.
  withApp(invocation, async (app) => {
    const files = app.settings.files;
    invocation.output.document({ files, warnings: app.settings.warnings });
    for (const warning of app.settings.warnings) invocation.output.line(`warning ${warning}`);
    invocation.output.line(files.length === 0 ? 'No configuration file: defaults hold.' : `✓ ${files.join(', ')}`);
    return EXIT.ok;
  });

function* flatten(value: object, before = ''): Generator<[string, unknown]> {
  for (const [key, inner] of Object.entries(value)) {
    const path = before === '' ? key : `${before}.${key}`;
    const nested = typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0;
    if (nested) yield* flatten(inner as object, path);
    else yield [path, inner];
  }
}

