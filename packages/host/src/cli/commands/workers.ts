import { CadreError, nearest, parsePermission, permissionSentence, plainText } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import type { Manifest } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import { type WorkerState, workerStates } from '../../upkeep/worker-states.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { rightToChange } from '../run/right-to-change.ts';
import { printFigures } from '../show/figures.ts';
import { printLacking } from '../show/lacking.ts';
import { provenanceText, reviewText } from '../show/provenance.ts';
import { reloadText } from '../show/reload-text.ts';
import { paint } from '../show/report.ts';
import { printTable } from '../show/table.ts';
import { printWorkerFigures, statusText } from '../show/worker-figures.ts';
import { withApp } from '../with-app.ts';
import { listLicences } from './licences.ts';
import { packagesOf } from './packages.ts';

async function lookAt(app: App) {
  const installed = app.workers.list();
  const processes = await app.figures();
  const quarantines = await app.quarantines.list();
  const names = installed.map(({ manifest }) => manifest.id);
  const states = workerStates(names, processes, quarantines);
  const stateOf = (id: string) => states.find((state) => state.worker === id) as WorkerState;
  return { installed, processes, quarantines, names, states, stateOf };
}

export const showWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { installed, processes, names, stateOf } = await lookAt(app);
    const { output } = invocation;
    const [wanted = ''] = invocation.arguments;
    const [id, version] = wanted.split('@');
    const worker = installed.find(
      ({ manifest }) => manifest.id === id && (version === undefined || manifest.version === version),
    );
    if (worker === undefined) throw unknownWorker(wanted, names);
    const state = stateOf(worker.manifest.id);
    const pools = processes.map((one) => ({
      ...one,
      pools: one.pools.filter((pool) => pool.worker === worker.manifest.id),
    }));
    const about = await aboutPackage(app, worker);
    output.document({ worker, state, processes: pools, ...about });
    printWorker(worker.manifest, invocation);
    if (about?.provenance !== undefined) output.line(`\nMade from ${provenanceText(about.provenance)}`);
    for (const review of about?.reviews ?? []) output.line(`Reviewed by ${reviewText(review)}`);
    printWorkerFigures(worker.manifest.id, processes, state, app.clock.now(), output);
    return EXIT.ok;
  });

export const listWorkers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    if (invocation.options['licences'] === true) return listLicences(app, invocation);
    const { installed, processes, quarantines, states, stateOf } = await lookAt(app);
    const { output } = invocation;
    const broken = app.workers.problems();
    const shards = await app.shards();
    const lacking = (await app.skills.lacking()).filter((one) => one.package.kind === 'worker');
    output.document({ workers: installed, states, processes, shards, quarantines, broken, lacking });
    const rows = installed.map(({ manifest, builtIn, folder }) => [
      manifest.id,
      manifest.version,
      builtIn ? 'built in' : folder.startsWith(app.dataDir) ? 'package' : 'workspace',
      statusText(stateOf(manifest.id).status, output),
      manifest.actions.map((action) => action.name).join(' '),
    ]);
    printTable(['worker', 'version', 'from', 'state', 'actions'], rows, output);
    for (const { folder, problems } of broken) {
      for (const { message, suggestion } of problems) {
        output.line(`\n${paint('unusable', 'red', output.colours)} ${plainText(message)}`);
        output.line(output.colours.dim(`  ${plainText(suggestion ?? `cadre worker validate ${folder}`)}`));
      }
    }
    for (const one of lacking) printLacking(one, output);
    for (const { reloads = [], pid, host } of processes) {
      for (const reload of reloads) {
        const where = `${plainText(reloadText(reload))} ${output.colours.dim(`(process ${pid} on ${host})`)}`;
        output.line(`\n${paint('not reloaded', 'yellow', output.colours)} ${where}`);
      }
    }
    printFigures(processes, shards, app.clock.now(), output);
    for (const { worker, since, reason } of quarantines) {
      const when = relativeTime(since, { now: app.clock.now() });
      output.line(
        `\n${paint('quarantined', 'red', output.colours)} ${worker}, since ${when}: ${plainText(reason)}`,
      );
      output.line(output.colours.dim(`  when its fault is mended: cadre worker clear ${worker}`));
    }
    return EXIT.ok;
  });

export const clearWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [worker = ''] = invocation.arguments;
    const { output } = invocation;
    const quarantine = (await app.quarantines.list()).find((one) => one.worker === worker);
    if (quarantine === undefined) {
      throw new CadreError('not_found', `no worker "${worker}" is in quarantine`, {
        hint: 'cadre worker list',
      });
    }
    const rule = rightToChange(app.dataDir);
    const { principal, clock } = app;
    const record = {
      at: clock.now(),
      principal,
      worker: 'cadre',
      action: 'workers',
      operation: 'clear',
      target: worker,
    };
    const details = { since: quarantine.since, reason: quarantine.reason };
    const denied = 'neither the owning user nor role admin';
    await app.audit.append({
      ...record,
      details,
      decision: rule === undefined ? 'denied' : 'allowed',
      rule: rule ?? denied,
    });
    if (rule === undefined) {
      throw new CadreError(
        'denied',
        `${worker} may be cleared by the owner of the data of this workspace alone`,
        {
          hint: 'ask that user',
        },
      );
    }
    await app.quarantines.clear(worker);
    output.document({ cleared: worker });
    output.line(`${worker} may be started again`);
    return EXIT.ok;
  });

/** Of a package that is installed; undefined: it is none. */
async function aboutPackage(app: App, { folder, builtIn, manifest: { id, version } }: InstalledWorker) {
  if (builtIn || !folder.startsWith(app.dataDir)) return undefined;
  return (await packagesOf(app)).about(id, version);
}

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
    if (action.calls !== undefined) output.line(colours.dim(`    calls ${callsOf(action.calls, manifest)}`));
  }
  const programs = manifest.programs ?? [];
  if (programs.length === 0) return;
  output.line('\nPrograms:');
  for (const { program, purpose } of programs) output.line(`  ${program}  ${colours.dim(purpose)}`);
}

/** Each with the version that it is wanted in. */
function callsOf(calls: readonly string[], { dependencies = {} }: Manifest): string {
  const withRange = (call: string) => {
    const range = dependencies[call.split('/')[0] ?? ''];
    return range === undefined ? call : `${call} (${range})`;
  };
  return plainText(calls.map(withRange).join(', '));
}

function unknownWorker(wanted: string, known: readonly string[]): CadreError {
  const [likely] = nearest(wanted, known);
  return new CadreError('not_found', `there is no worker "${wanted}"`, {
    hint: likely === undefined ? 'cadre worker list' : `cadre worker show ${likely}`,
  });
}
