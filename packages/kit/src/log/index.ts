export { isKitError, KitError, type KitErrorCode } from '../error.ts';
export { createLog, type Log, type LogFormat, type LogOptions } from './create-log.ts';
export { createMask, MASKED } from './mask.ts';
export { LOG_LEVELS, type LogFields, type LoggedError, type LogLevel, type LogRecord } from './record.ts';
