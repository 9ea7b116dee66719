import { join } from 'node:path';
import { readCoverageSummary } from '../coverage-reports.ts';
import { readJestReport } from '../jest-report.ts';
import type { Job, Runner } from '../runner.ts';
import { failedPattern, filesOf, isConfigured, isNodeSetting, isNodeSource } from './node-package.ts';

const CONFIG = /^(jest\.config\.\w+|package\.json)$/;

export const jest: Runner = {
  name: 'jest',
  program: 'jest',
  install: { npm: 'jest' },
  async recognise({ folder }) {
    const strong = folder.file('jest.config.*') ?? folder.packageKey('jest') ?? folder.command('jest');
    const reason = strong ?? folder.npmDependency('jest');
    return reason === undefined ? undefined : { reason, strong: strong !== undefined };
  },
  isAffectedBy: isNodeSource,
  affectsAll: isNodeSetting,
  async run(job) {
    const limit = (await isConfigured(job, CONFIG, /testTimeout/)) ? undefined : job.testTimeoutMs;
    return {
      arguments: [
        '--json',
        `--outputFile=${reportOf(job)}`,
        '--testLocationInResults',
        '--ci',
        '--passWithNoTests',
        ...(limit === undefined ? [] : [`--testTimeout=${limit}`]),
        ...(job.coverage ? coverageArguments(job) : []),
        ...narrowed(job),
      ],
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
    return { arguments: ['--listTests', '--json', '--passWithNoTests', ...narrowed(job)] };
  },
  async readCollected(_, completed) {
    const line = completed?.stdout.split('\n').find((one) => one.startsWith('['));
    const files = line === undefined ? undefined : (JSON.parse(line) as readonly string[]);
    return files?.map((file) => ({ name: file.slice(file.lastIndexOf('/') + 1), file }));
  },
};

const reportOf = ({ reports }: Job) => join(reports, 'jest.json');

function coverageArguments({ reports }: Job): string[] {
  return [
    '--coverage',
    '--coverageReporters=json-summary',
    '--coverageReporters=html',
    `--coverageDirectory=${join(reports, 'coverage')}`,
  ];
}

function narrowed({ selection }: Job): string[] {
  const { files, pattern, changed, failed } = selection;
  if (changed.length > 0) return ['--findRelatedTests', ...changed];
  const names = failed.length > 0 ? failedPattern(failed) : pattern;
  const only = failed.length > 0 ? filesOf(failed) : files;
  return [
    ...(names === undefined ? [] : [`--testNamePattern=${names}`]),
    ...(only.length === 0 ? [] : ['--runTestsByPath', ...only]),
  ];
}
