export { isKitError, KitError, type KitErrorCode } from '../error.ts';
export { parseAppId } from './app-id.ts';
export { type EnsureOptions, ensureDataDir, isInstalled, MARKER_FILE, type Marker } from './ensure.ts';
export {
  cacheDir,
  cachePath,
  configDir,
  configPath,
  dataDir,
  dataPath,
  type FolderOptions,
  logDir,
  logPath,
  type Surroundings,
  stateDir,
  statePath,
  tempFolder as tempDir,
  variablePrefix,
} from './folders.ts';
