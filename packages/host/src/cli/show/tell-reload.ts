import { plainText } from '@cadre/core/history';
import type { Reload } from '../../ports/reloads.ts';
import type { Invocation } from '../command.ts';
import { reloadText } from './reload-text.ts';

/** Says beside the output what was taken over while this process runs. */
export function tellReload({ output }: Invocation): (reload: Reload) => void {
  return (reload) => {
    switch (reload.kind) {
      case 'reloaded':
        return output.note(`${reload.worker} ${reload.version} is used from now on`);
      case 'unloaded':
        return output.note(`${reload.worker} ${reload.version} is there no more`);
      case 'failed':
        return output.note(plainText(reloadText({ ...reload, message: reload.failure.message })));
    }
  };
}
