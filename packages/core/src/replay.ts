/** What it takes to make a state of events; see `history.ts`. */
export { apply, restore } from './run/apply.ts';
