import type { Problem } from '@cadre/core';
import { loadWorkflow } from '../../resources/load-workflow.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type LackingGrant, lackingGrants, printLacking } from '../run/lacking-grants.ts';
import { formatProblem } from '../show/problems.ts';
import { withApp } from '../with-app.ts';

export const check: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, arguments: names } = invocation;
    const checked: { file: string; problems: readonly Problem[]; lacking: readonly LackingGrant[] }[] = [];
    for (const name of names) {
      const { file, problems, workflow } = await loadWorkflow(name, app, io.cwd);
      const lacking =
        workflow === undefined || problems.some(({ severity }) => severity === 'error')
          ? []
          : await lackingGrants(app, workflow);
      checked.push({ file: file.path, problems, lacking });
      const { length } = problems;
      if (length === 0) output.line(`${output.colours.green('✓')} ${file.path}`);
      for (const problem of problems) output.line(formatProblem(problem, file.path, output.colours));
      printLacking(lacking, output);
    }
    output.document({ checked });
    const errors = checked.some(({ problems }) => problems.some(({ severity }) => severity === 'error'));
    return errors ? EXIT.usage : EXIT.ok;
  });
