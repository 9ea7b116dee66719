import { join, relative, resolve } from 'node:path';
import type { Problem } from '@cadre/core';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { formatProblem, shownProblem } from '../show/problems.ts';
import { withApp } from '../with-app.ts';

export const newSkill: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const [id = ''] = invocation.arguments;
    const authoring = await app.authoring();
    const inside =
      typeof options['in'] === 'string'
        ? resolve(io.cwd, options['in'])
        : join(app.place.root, '.cadre', 'skills');
    const folder = join(inside, id);
    await authoring.makeSkill(id, folder);
    const shown = relative(io.cwd, folder) || '.';
    output.document({ made: { id, folder } });
    output.line(`made ${shown}`);
    output.line(output.colours.dim(`  what it tells a bot   ${join(shown, 'SKILL.md')}`));
    output.line(output.colours.dim(`  whether it is right   cadre skill validate ${shown}`));
    output.line(output.colours.dim(`  give it to others     cadre skill pack ${shown}`));
    return EXIT.ok;
  });

export const validateSkills: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const authoring = await app.authoring();
    const folders = invocation.arguments.length === 0 ? ['.'] : invocation.arguments;
    const validated: { folder: string; problems: readonly Problem[] }[] = [];
    for (const folder of folders) {
      const { file, problems } = await authoring.validateSkill(resolve(io.cwd, folder));
      if (problems.length === 0) output.line(`${output.colours.green('✓')} ${folder}`);
      for (const problem of problems)
        output.line(formatProblem(shownProblem(problem), file ?? folder, output.colours));
      validated.push({ folder, problems });
    }
    output.document({ validated });
    const isFault = ({ severity }: Problem) => severity === 'error' || options['strict'] === true;
    return validated.some(({ problems }) => problems.some(isFault)) ? EXIT.usage : EXIT.ok;
  });
