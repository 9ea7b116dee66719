/** The commands that need settings and workers: one part, because to open a file takes longer than to read much of one. */
export { exportArtifact, keepArtifact, listArtifacts, showArtifact } from './artifacts.ts';
export { callAction, developWorker, newWorker, testWorker, validateWorkers } from './authoring.ts';
export { clearCache, listCache } from './cache.ts';
export { bundlePackages, publishPackages } from './catalogue.ts';
export { check } from './check.ts';
export { clean, maintenance } from './clean.ts';
export { checkConfig, explainConfig, getConfig, listConfig, setConfigValue } from './config.ts';
export { backUp, dataSizes, restoreData } from './data.ts';
export { doctor } from './doctor.ts';
export { install, runHooks, status, uninstall } from './hooks.ts';
export { hygiene } from './hygiene.ts';
export { importSettings } from './import.ts';
export { init } from './init.ts';
export { migrate } from './migrate.ts';
export {
  addWorker,
  diffWorkers,
  distrustSigner,
  listSigners,
  packWorker,
  removeWorker,
  showSigningKey,
  trustSigner,
} from './packages.ts';
export { hold, pin, pins, release, unpin } from './pins.ts';
export { restore } from './restore.ts';
export { rerun, resume } from './resume.ts';
export { reviewWorker } from './review.ts';
export { plan, run } from './run.ts';
export { checkTriggers, listTriggers, nextTimes, showTrigger } from './trigger.ts';
export { emit, replayFiring, runTrigger } from './trigger-fire.ts';
export { deadFirings, triggerHistory } from './trigger-history.ts';
export { backfillTrigger, pauseTrigger, resumeTrigger } from './trigger-steer.ts';
export { undo } from './undo.ts';
export { serve, work } from './work.ts';
export { whyWorker } from './worker-why.ts';
export { clearWorker, listWorkers, showWorker } from './workers.ts';
