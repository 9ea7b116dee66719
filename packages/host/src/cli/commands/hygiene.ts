import { loadWorkflow } from '../../resources/load-workflow.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { HYGIENE_PROFILES } from '../run/hygiene-profiles.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';
import { hygieneDoctor } from './hygiene-doctor.ts';
import { init, readInitFlags } from './init.ts';
import { runWorkflow, withGlobalFlags } from './run.ts';

const VERBS: Readonly<Record<string, CommandHandler>> = {
  steps: (invocation) => listSteps(invocation),
  profiles: (invocation) => listProfiles(invocation),
  doctor: (invocation) => hygieneDoctor(invocation),
  init: (invocation) => init({ ...invocation, options: readInitFlags(invocation.arguments) }),
};

/** `cadre hygiene …` is `cadre run hygiene …`, but for its own verbs. */
export const hygiene: CommandHandler = (given) => {
  const [verb = '', ...rest] = given.arguments;
  const handler = VERBS[verb];
  if (handler === undefined) {
    return runWorkflow({ ...given, arguments: ['hygiene', ...given.arguments] }, false);
  }
  return handler({ ...withGlobalFlags(given, rest), arguments: rest });
};

const listSteps: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { workflow } = await loadWorkflow('hygiene', app, invocation.io.cwd);
    const steps = workflow?.steps ?? [];
    invocation.output.document({ steps: steps.map(({ id, name, aliases }) => ({ id, name, aliases })) });
    const rows = steps.map((step) => [
      step.id,
      (step.aliases ?? []).join(' '),
      step.kind === 'action' ? step.uses : step.kind,
      step.name ?? '',
    ]);
    printTable(['step', 'aliases', 'action', 'what it does'], rows, invocation.output);
    return EXIT.ok;
  });

const listProfiles: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const profiles = { ...HYGIENE_PROFILES, ...app.config.hygiene.profiles };
    invocation.output.document({ profiles });
    const rows = Object.entries(profiles).map(([name, profile]) => [
      name === app.config.hygiene.profile ? `${name} *` : name,
      profile.extends ?? '',
      profile.files ?? 'all',
      profile.steps?.join(' ') ?? (profile.extends === undefined ? 'all steps' : ''),
      JSON.stringify(profile.inputs ?? {}),
    ]);
    printTable(['profile', 'extends', 'files', 'steps', 'inputs'], rows, invocation.output);
    return EXIT.ok;
  });
