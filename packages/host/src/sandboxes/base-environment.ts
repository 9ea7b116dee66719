import { delimiter, isAbsolute } from 'node:path';

/**
 * The small environment of every worker: where programs are, a home of its own, language and time zone. Nothing else of
 * the host's environment passes, since that is where secrets are.
 */
export function baseEnvironment(
  host: Readonly<Record<string, string | undefined>>,
  folders: { readonly home: string; readonly temporary: string },
): Readonly<Record<string, string>> {
  const path = (host['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
    .split(delimiter)
    .filter(isAbsolute)
    .join(delimiter);
  const zone = host['TZ'];
  return {
    PATH: path,
    HOME: folders.home,
    TMPDIR: folders.temporary,
    LANG: host['LANG'] ?? 'C.UTF-8',
    TERM: 'dumb',
    ...(zone === undefined ? {} : { TZ: zone }),
  };
}
