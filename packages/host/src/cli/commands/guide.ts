import { listWorkflows } from '../../resources/workflow-files.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { openQuestions, TurnedAway } from '../questions.ts';
import { withApp } from '../with-app.ts';
import { run } from './run.ts';

/** Leads a first-time user to a repository and a workflow; from there it is `cadre run NAME --interactive`. */
export const guide: CommandHandler = async (invocation) => {
  const questions = await openQuestions(invocation.io);
  try {
    const folder = await questions.text('Which repository?', invocation.io.cwd, (text) =>
      text === '' ? 'a folder, please' : undefined,
    );
    const name = await withApp(
      invocation,
      async (app) => {
        const workflows = await listWorkflows(app.folders);
        const choices = workflows.map((file) => ({ value: file.name, label: file.name, hint: file.origin }));
        return questions.one('Which workflow?', choices);
      },
      folder,
    );
    return await run({ ...invocation, arguments: [name, '--path', folder, '--interactive'] });
  } catch (error) {
    if (error instanceof TurnedAway) return EXIT.interrupted;
    throw error;
  }
};
