import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import { openQuestions } from '../questions.ts';
import type { StepTool } from './step-tools.ts';

/**
 * Installs what is wanted and not there, or too old, one command after another through the gate, after a yes. Answers
 * whether anything was tried. Throws `TurnedAway`.
 */
export async function repair(
  app: App,
  tools: readonly StepTool[],
  yes: boolean,
  { io, output }: Invocation,
): Promise<boolean> {
  const broken = tools.filter(({ state, wanted }) => state !== 'found' && wanted);
  const commands = [...new Set(broken.flatMap(({ install }) => install ?? []))];
  if (commands.length === 0) {
    output.line('There is nothing to install.');
    return false;
  }
  output.line('\nTo install:');
  for (const command of commands) output.line(`  ${command}`);
  if (!yes && (!io.interactive || output.json)) {
    output.line('Nothing was installed. Install it with --repair --yes.');
    return false;
  }
  if (!yes && !(await (await openQuestions(io)).yes('Run these commands?', false))) {
    output.line('Nothing was installed.');
    return false;
  }
  for (const command of commands) {
    output.note(`$ ${command}`);
    const outcome = await app.call('shell/run', { command });
    if (outcome.ok) output.line(`${output.colours.green('✓')} ${command}`);
    else
      output.line(
        `${output.colours.red('✗')} ${command}\n  ${outcome.failure.message}; run it yourself where Cadre may not`,
      );
  }
  return true;
}
