import { loadWorkflow } from '../../resources/load-workflow.ts';
import { listWorkflows } from '../../resources/workflow-files.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { HYGIENE_PROFILES } from '../run/hygiene-profiles.ts';
import { withApp } from '../with-app.ts';
import { run } from './run.ts';

/** Leads a first-time user: workspace, workflow, options, steps; then it is an ordinary `cadre run`. */
export const guide: CommandHandler = async (invocation) => {
  const { intro, isCancel, multiselect, outro, select, text } = await import('@clack/prompts');
  intro('Cadre');
  const folder = await text({
    message: 'Which repository?',
    initialValue: invocation.io.cwd,
    validate: (value) => (value === '' ? 'a folder, please' : undefined),
  });
  if (isCancel(folder)) return EXIT.interrupted;

  const args = await withApp(
    invocation,
    async (app) => {
      const workflows = await listWorkflows(app.folders);
      const name = await select({
        message: 'Which workflow?',
        options: workflows.map((file) => ({ value: file.name, label: file.name, hint: file.origin })),
      });
      if (isCancel(name)) return undefined;
      const profile = name === 'hygiene' ? await askProfile(Object.keys(app.config.hygiene.profiles)) : [];
      if (profile === undefined) return undefined;

      const { workflow } = await loadWorkflow(name, app, invocation.io.cwd);
      const steps = workflow?.steps ?? [];
      const chosen = await multiselect({
        message: 'Which steps? (space to change, enter to go on)',
        options: steps.map((step) => ({ value: step.id, label: step.name ?? step.id })),
        initialValues: steps.map((step) => step.id),
        required: true,
      });
      if (isCancel(chosen)) return undefined;
      const selection = chosen.length === steps.length ? [] : ['--steps', chosen.join(',')];

      const apply = await select({
        message: 'And then?',
        options: [
          { value: 'ask', label: 'Show the plan, then ask' },
          { value: '--plan', label: 'Show the plan only' },
          { value: '--yes', label: 'Apply without asking' },
        ],
      });
      if (isCancel(apply)) return undefined;
      return [name, '--path', folder, ...profile, ...selection, ...(apply === 'ask' ? [] : [apply])];
    },
    folder,
  );
  if (args === undefined) return EXIT.interrupted;
  outro(`cadre run ${args.map(quote).join(' ')}`);
  return run({ ...invocation, arguments: args });
};

async function askProfile(own: readonly string[]): Promise<string[] | undefined> {
  const { isCancel, select } = await import('@clack/prompts');
  const profile = await select({
    message: 'Which profile?',
    options: [...Object.keys(HYGIENE_PROFILES), ...own].map((value) => ({ value, label: value })),
    initialValue: 'standard',
  });
  return isCancel(profile) ? undefined : ['--profile', profile];
}

function quote(argument: string): string {
  return /^[\w./,:=@+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
