import type { AppOptions } from './app-options.ts';
import type { SecretSource } from './ports/secret-source.ts';

/** Secrets come from variables `CADRE_SECRET_NAME` until there is a store of their own. */
export function environmentSecrets(env: AppOptions['env']): SecretSource {
  return { find: async (name: string) => env[`CADRE_SECRET_${name}`] };
}
