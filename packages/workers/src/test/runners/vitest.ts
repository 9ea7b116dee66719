import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCoverageSummary } from '../coverage-reports.ts';
import { readJestReport } from '../jest-report.ts';
import { coverageMissing, type Job, type ListedTest, type Runner } from '../runner.ts';
import {
  failedPattern,
  filesOf,
  hasPackage,
  isConfigured,
  isNodeSetting,
  isNodeSource,
} from './node-package.ts';

const CONFIG = /^(vitest|vite)\.(config|workspace)\.\w+$/;

export const vitest: Runner = {
  name: 'vitest',
  program: 'vitest',
  install: { npm: 'vitest' },
  async recognise({ folder }) {
    const strong = folder.file('vitest.config.*', 'vitest.workspace.*') ?? folder.command('vitest');
    const reason = strong ?? folder.npmDependency('vitest');
    return reason === undefined ? undefined : { reason, strong: strong !== undefined };
  },
  isAffectedBy: isNodeSource,
  affectsAll: isNodeSetting,
  async run(job) {
    const canCover = await canMeasure(job);
    const limit = (await isConfigured(job, CONFIG, /testTimeout/)) ? undefined : job.testTimeoutMs;
    return {
      arguments: [
        ...selected(job),
        '--reporter=json',
        `--outputFile=${reportOf(job)}`,
        '--passWithNoTests',
        ...(limit === undefined ? [] : [`--testTimeout=${limit}`]),
        ...(job.coverage && canCover ? coverageArguments(job) : []),
      ],
      // It writes no snapshots then, and `test.only` is a fault.
      env: { CI: 'true' },
      skipped:
        job.coverage && !canCover
          ? [
              coverageMissing(
                'vitest',
                '@vitest/coverage-v8 is not installed',
                'npm install --save-dev @vitest/coverage-v8',
              ),
            ]
          : [],
    };
  },
  async read(job) {
    const cases = await readJestReport(reportOf(job));
    const coverage = await readCoverageSummary(join(job.reports, 'coverage/coverage-summary.json'));
    return (
      cases && {
        cases,
        ...(coverage === undefined ? {} : { coverage, artifacts: [join(job.reports, 'coverage')] }),
      }
    );
  },
  async collect(job) {
    return { arguments: ['list', ...narrowed(job), `--json=${reportOf(job)}`], env: { CI: 'true' } };
  },
  async readCollected(job) {
    const text = await readFile(reportOf(job), 'utf8').catch(() => undefined);
    const tests = text === undefined ? undefined : (JSON.parse(text) as readonly Required<ListedTest>[]);
    return tests?.map(({ name, file }) => ({ name, file }));
  },
};

const reportOf = ({ reports }: Job) => join(reports, 'vitest.json');

async function canMeasure(job: Job): Promise<boolean> {
  return (await hasPackage(job, '@vitest/coverage-v8')) || hasPackage(job, '@vitest/coverage-istanbul');
}

function coverageArguments({ reports }: Job): string[] {
  return [
    '--coverage.enabled',
    '--coverage.reporter=json-summary',
    '--coverage.reporter=html',
    '--coverage.reportOnFailure',
    `--coverage.reportsDirectory=${join(reports, 'coverage')}`,
  ];
}

function selected(job: Job): string[] {
  const { changed } = job.selection;
  return changed.length > 0 ? ['related', '--run', ...changed] : ['run', ...narrowed(job)];
}

function narrowed({ selection }: Job): string[] {
  const { files, pattern, failed } = selection;
  const names = failed.length > 0 ? failedPattern(failed) : pattern;
  return [
    ...(failed.length > 0 ? filesOf(failed) : files),
    ...(names === undefined ? [] : [`--testNamePattern=${names}`]),
  ];
}
