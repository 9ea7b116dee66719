import type { Advisory } from './advisory.ts';
import builtIn from './built-in.json' with { type: 'json' };
import { type AdvisoryDatabase, databaseOf } from './database.ts';

/**
 * Some fifty well-known published advisories, so that the audit finds the worst without any download. Facts only: id,
 * package, versions, severity, as the records of the databases of GitHub, RustSec and Go state them; the summaries are
 * ours. The file says when it was compared with them. GitHub's severity counts, else that of the record's CVSS vector;
 * where neither publishes one, as for RUSTSEC-2020-0159, there is none here.
 */
export function builtInDatabase(): AdvisoryDatabase {
  return databaseOf('built-in set', builtIn.until, builtIn.advisories as readonly Advisory[]);
}

/** Ids and other names of the flaws in the built-in set. */
export function builtInNames(): ReadonlySet<string> {
  return new Set(builtIn.advisories.flatMap(({ id, aliases }) => [id, ...aliases]));
}
