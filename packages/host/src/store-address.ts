import { CadreError } from '@cadre/core/errors';
import type { SecretSource } from './ports/secret-source.ts';

/** Two workspaces of one name that share a database name their schemas themselves: `store.schema`. */
export function schemaOf(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `cadre_${plain}`.slice(0, 40).replace(/_+$/, '');
}

const REFERENCE = /^secret:(.+)$/;

/** A file names the address as `secret:NAME`; only a variable holds it itself. */
export async function clearOf(url: string, secrets: SecretSource, setting = 'store.url'): Promise<string> {
  const [, name] = REFERENCE.exec(url) ?? [];
  if (name === undefined) return url;
  const found = await secrets.find(name);
  if (found !== undefined) return found;
  throw new CadreError('not_configured', `${setting} names the secret ${name}, which there is not`, {
    hint: `set CADRE_SECRET_${name}, or CADRE_${setting.toUpperCase().replace('.', '__')} instead of the setting`,
  });
}
