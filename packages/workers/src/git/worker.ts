import { defineWorker } from '@cadre/sdk';
import { branch } from './branch.ts';
import { changed } from './changed.ts';
import { checkout } from './checkout.ts';
import { clone } from './clone.ts';
import { commit } from './commit.ts';
import { diff } from './diff.ts';
import { log } from './log.ts';
import { pull } from './pull.ts';
import { push } from './push.ts';
import { rebase } from './rebase.ts';
import { show } from './show.ts';
import { status } from './status.ts';
import { tag } from './tag.ts';
import { addWorktree, removeWorktree } from './worktree.ts';

export const worker = defineWorker({
  id: 'git',
  actions: {
    status,
    changed,
    diff,
    log,
    show,
    branch,
    checkout,
    commit,
    push,
    pull,
    rebase,
    tag,
    clone,
    'worktree-add': addWorktree,
    'worktree-remove': removeWorktree,
  },
});
