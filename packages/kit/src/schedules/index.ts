export { isKitError, KitError, type KitErrorCode } from '../error.ts';
export {
  type DueTimes,
  type DueTimesOptions,
  dueTimes,
  MISSED_WINDOW_MS,
  type Missed,
  newestDues,
} from './due-times.ts';
export { explainRule } from './explain-rule.ts';
export { jitterMs } from './jitter.ts';
export { nextDue, nextDues } from './next-due.ts';
export { type ParseRuleOptions, parseRule } from './parse-rule.ts';
export type { CronFields, CronRule, IntervalRule, OnceRule, Rule } from './rule.ts';
export { checkZone, fromWall, offsetAt } from './zone.ts';
