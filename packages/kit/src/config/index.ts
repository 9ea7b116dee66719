export { isKitError, KitError, type KitErrorCode } from '../error.ts';
export { canonicalKey } from './canonical-key.ts';
export { type ConfigChange, type EditOptions, setConfig, unsetConfig } from './edit.ts';
export { variableOf } from './environment.ts';
export type { Explanation } from './explain.ts';
export { type ConfigFault, faultLine } from './fault.ts';
export { findConfigFile } from './find-file.ts';
export { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
export type { LayerName } from './settings.ts';
