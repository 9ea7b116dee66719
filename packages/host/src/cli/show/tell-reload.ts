import { plainText } from '@cadre/core/history';
import type { Reload, SkillReload } from '../../ports/reloads.ts';
import type { Invocation } from '../command.ts';
import { reloadText } from './reload-text.ts';

/** Says beside the output what was taken over while this process runs. */
export function tellReload({ output }: Invocation): (reload: Reload | SkillReload) => void {
  return (reload) => {
    const worker = 'worker' in reload ? reload.worker : `the skill ${reload.skill}`;
    switch (reload.kind) {
      case 'reloaded':
        return output.note(`${worker} ${reload.version} is used from now on`);
      case 'unloaded':
        return output.note(`${worker} ${reload.version} is there no more`);
      case 'failed':
        return output.note(plainText(reloadText({ ...reload, worker, message: reload.failure.message })));
    }
  };
}
