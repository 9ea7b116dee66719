export { type Clock, systemClock } from './clock.ts';
export {
  createProgress,
  type Progress,
  type ProgressMode,
  type ProgressOptions,
  progressMode,
  showsUnicode,
  wantsColours,
} from './create-progress.ts';
export type { ProgressEvent, ProgressState } from './event.ts';
export type { Task, TaskOptions } from './meter.ts';
export type { ProgressStream } from './renderer.ts';
