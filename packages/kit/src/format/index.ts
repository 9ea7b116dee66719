export { isKitError, KitError, type KitErrorCode } from '../error.ts';
export { type ListOptions, list } from './list.ts';
export { bytes, count, money, ordinal, percent, plural } from './number.ts';
export { parseBytes, parseCount, parseDuration } from './parse.ts';
export { type Column, type TableOptions, table } from './table.ts';
export { type DateOptions, date, duration, relativeTime } from './time.ts';
export { visible } from './visible.ts';
export { displayWidth, pad, type TruncateOptions, truncate } from './width.ts';
