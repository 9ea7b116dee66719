import { isOver, type RunState } from '@cadre/core/history';

/** Nothing more happens to the run by itself: it is over, or waits for a person. */
export function isAtRest(state: RunState): boolean {
  return isOver(state.status) || state.status === 'waiting';
}
