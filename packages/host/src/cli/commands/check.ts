import type { Problem } from '@cadre/core';
import { loadWorkflow } from '../../resources/load-workflow.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { formatProblem } from '../show/problems.ts';
import { withApp } from '../with-app.ts';

export const check: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, arguments: names } = invocation;
    const checked: { file: string; problems: readonly Problem[] }[] = [];
    for (const name of names) {
      const { file, problems } = await loadWorkflow(name, app, io.cwd);
      checked.push({ file: file.path, problems });
      const { length } = problems;
      if (length === 0) output.line(`${output.colours.green('✓')} ${file.path}`);
      for (const problem of problems) output.line(formatProblem(problem, file.path, output.colours));
    }
    output.document({ checked });
    const errors = checked.some(({ problems }) => problems.some(({ severity }) => severity === 'error'));
    return errors ? EXIT.usage : EXIT.ok;
  });
