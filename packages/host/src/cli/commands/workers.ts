import { CadreError, nearest, parsePermission, permissionSentence } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const workers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const installed = app.workers.list();
    const [wanted] = invocation.arguments;
    const { output } = invocation;
    if (wanted !== undefined) {
      const worker = installed.find(({ manifest }) => manifest.id === wanted);
      if (worker === undefined)
        throw unknownWorker(
          wanted,
          installed.map(({ manifest }) => manifest.id),
        );
      output.document({ worker });
      printWorker(worker.manifest, invocation);
      return EXIT.ok;
    }
    output.document({ workers: installed });
    const rows = installed.map(({ manifest, builtIn }) => [
      manifest.id,
      manifest.version,
      builtIn ? 'built in' : 'workspace',
      manifest.actions.map((action) => action.name).join(' '),
    ]);
    printTable(['worker', 'version', 'from', 'actions'], rows, output);
    return EXIT.ok;
  });

function printWorker(manifest: Manifest, { output }: Invocation): void {
  const { colours } = output;
  output.line(`${colours.bold(manifest.id)} ${manifest.version}  ${manifest.description ?? ''}`);
  output.line('\nPermissions, each within what you grant:');
  for (const text of manifest.permissions) {
    const parsed = parsePermission(text);
    const sentence = parsed.ok ? permissionSentence(manifest.id, parsed.permission) : text;
    output.line(`  ${sentence} ${colours.dim(text)}`);
  }
  output.line('\nActions:');
  for (const action of manifest.actions) {
    const effects = action.effects.join(', ');
    const preview = action.preview === undefined ? 'no preview' : `preview: ${action.preview}`;
    output.line(
      `  ${colours.bold(`${manifest.id}/${action.name}`)}  ${colours.dim(`${effects}; ${preview}`)}`,
    );
    output.line(`    ${action.description}`);
  }
  const programs = manifest.programs ?? [];
  if (programs.length === 0) return;
  output.line('\nPrograms:');
  for (const { program, purpose } of programs) output.line(`  ${program}  ${colours.dim(purpose)}`);
}

function unknownWorker(wanted: string, known: readonly string[]): CadreError {
  const [likely] = nearest(wanted, known);
  return new CadreError('not_found', `there is no worker "${wanted}"`, {
    hint: likely === undefined ? 'cadre workers' : `cadre workers ${likely}`,
  });
}
