import type { JsonObject, JsonValue } from '@cadre/sdk';

/** What a key of the earlier tool becomes: settings by their dotted keys, or a sentence on why there is none. */
type Counterpart = ((value: JsonValue) => JsonObject) | string;

const as = (key: string) => (value: JsonValue) => ({ [key]: value });
const LEASE = 'leases need neither a folder nor an age: a holder is let go when it is proved gone';
const ASKED = 'what would change is shown first; apply it with --yes';
const DUMP = 'the dump is made by the action dump/create; another program is a step of your own';
const LEVELS: Readonly<Record<string, string>> = { warning: 'warn', critical: 'error', fatal: 'error' };

/** The keys of `[tool.routine-workflow]` that Cadre calls otherwise, in camel case. Others keep their names. */
export const EARLIER_KEYS: Readonly<Record<string, Counterpart>> = {
  projectRoot: 'Cadre works on the repository around the current folder, or on --path',
  path: 'Cadre works on the repository around the current folder, or on --path',
  lockDir: LEASE,
  lockTtl: LEASE,
  lockWait: (value) => ({ 'lock.wait': typeof value === 'number' ? `${value}s` : value }),
  dryRun: ASKED,
  plan: ASKED,
  yes: ASKED,
  autoYes: ASKED,
  interactive: 'cadre alone leads through a run',
  failOnBackup: as('hygiene.requireBackup'),
  workers: as('hygiene.jobs'),
  maxWorkers: as('hygiene.jobs'),
  workflowTimeout: as('hygiene.timeout'),
  excludePatterns: as('hygiene.exclude'),
  testCovThreshold: as('hygiene.coverage'),
  enableSecurity: as('hygiene.security'),
  enableDepAudit: as('hygiene.audit'),
  // There it commits and pushes, or does neither.
  gitPush: (value) => ({ 'hygiene.commit': value, 'hygiene.push': value }),
  createDumpRunCmd: DUMP,
  codeDumpRunCmd: DUMP,
  codeDumpCleanCmd: DUMP,
  codeDumpScript: DUMP,
  dumpCommand: DUMP,
  cleanScript: 'caches are cleaned by the action cleanup/caches',
  backupScript: 'backups are made by the action backup/snapshot',
  steps: (value) => ({ 'hygiene.profiles.imported': { steps: value }, 'hygiene.profile': 'imported' }),
  logDir: as('log.dir'),
  logFile: as('log.file'),
  logLevel: (value) => ({ 'log.level': typeof value === 'string' ? levelOf(value) : value }),
  logFormat: as('log.format'),
  logMaxBytes: as('log.maxBytes'),
  logRotationMaxBytes: as('log.maxBytes'),
  logKeep: as('log.keep'),
  logRotationBackupCount: as('log.keep'),
};

function levelOf(name: string): string {
  const level = name.toLowerCase();
  return LEVELS[level] ?? level;
}
