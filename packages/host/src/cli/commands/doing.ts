/** The commands that need settings and workers: one part, because to open a file takes longer than to read much of one. */
export { clearCache, listCache } from './cache.ts';
export { check } from './check.ts';
export { checkConfig, explainConfig, getConfig, listConfig, setConfigValue } from './config.ts';
export { doctor } from './doctor.ts';
export { install, runHooks, status, uninstall } from './hooks.ts';
export { hygiene } from './hygiene.ts';
export { importSettings } from './import.ts';
export { init } from './init.ts';
export { migrate } from './migrate.ts';
export { restore } from './restore.ts';
export { rerun, resume } from './resume.ts';
export { plan, run } from './run.ts';
export { undo } from './undo.ts';
export { serve, work } from './work.ts';
export { workers } from './workers.ts';
