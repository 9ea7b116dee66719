import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PYTHON_TEST, pythonTests } from '../affected/python-tests.ts';
import { readPythonCoverage } from '../coverage-reports.ts';
import { type JunitCase, parseJunit } from '../junit.ts';
import { coverageMissing, type Job, lineIn, type Runner, type TestCase } from '../runner.ts';
import { isConfigured } from './node-package.ts';

const SETTINGS = /^(pytest\.ini|\.pytest\.ini|pyproject\.toml|tox\.ini|setup\.cfg)$/;
const COVERAGE_SETTINGS = /^(\.coveragerc|pyproject\.toml|tox\.ini|setup\.cfg)$/;
/** Nothing is left in the repository: no cache of pytest's and no bytecode. */
const CLEAN = ['-p', 'no:cacheprovider'];
const CLEAN_ENV = { PYTHONDONTWRITEBYTECODE: '1' };

export const pytest: Runner = {
  name: 'pytest',
  program: 'pytest',
  module: 'pytest',
  install: { python: 'pytest', apt: 'python3-pytest' },
  async recognise({ folder, files }) {
    const strong =
      folder.file('pytest.ini', '.pytest.ini') ??
      folder.pythonTable('tool.pytest.ini_options') ??
      folder.section('tool:pytest', 'pytest');
    const weak = folder.pythonDependency('pytest') ?? files.find((file) => PYTHON_TEST.test(file));
    const reason = strong ?? weak;
    return reason === undefined ? undefined : { reason, strong: strong !== undefined };
  },
  isAffectedBy: (path) => /\.(pyi?|toml|cfg|ini)$/.test(path),
  affectsAll: (path) => !path.endsWith('.py'),
  affected: pythonTests,
  async run(job) {
    const plugins = await pluginsOf(job);
    const limit = plugins.includes('pytest-timeout') ? await limitOf(job) : undefined;
    const canCover = plugins.includes('pytest-cov');
    return {
      arguments: [
        ...CLEAN,
        `--junitxml=${reportOf(job)}`,
        '-o',
        // The older family has file and line of each test.
        'junit_family=xunit1',
        '--color=no',
        ...(limit === undefined ? [] : [`--timeout=${limit / 1000}`]),
        ...(job.coverage && canCover ? await coverageArguments(job) : []),
        ...narrowed(job),
      ],
      env: { ...CLEAN_ENV, COVERAGE_FILE: join(job.reports, '.coverage') },
      skipped:
        job.coverage && !canCover
          ? [coverageMissing('pytest', 'pytest-cov is not installed', 'python3 -m pip install pytest-cov')]
          : [],
    };
  },
  async read(job) {
    const cases = parseJunit(await readFile(reportOf(job), 'utf8').catch(() => ''))?.map(caseOf);
    const coverage = job.coverage ? await readPythonCoverage(coverageOf(job)) : undefined;
    return cases && { cases, ...(coverage === undefined ? {} : { coverage, artifacts: [htmlOf(job)] }) };
  },
  async collect(job) {
    return { arguments: ['--collect-only', '-q', '--color=no', ...CLEAN, ...narrowed(job)], env: CLEAN_ENV };
  },
  async readCollected(_, completed) {
    const lines = completed?.stdout.split('\n').filter((line) => line.includes('::')) ?? [];
    // 5: no tests. Lines that speak of an error in a file that cannot be loaded have no `::`.
    const isReadable = lines.length > 0 || completed?.code === 5;
    return isReadable ? lines.map((name) => ({ name, file: name.slice(0, name.indexOf('::')) })) : undefined;
  },
};

const reportOf = ({ reports }: Job) => join(reports, 'pytest.xml');
const coverageOf = ({ reports }: Job) => join(reports, 'coverage.xml');
const htmlOf = ({ reports }: Job) => join(reports, 'coverage');

/** `pytest -VV` ends with the plug-ins that are installed. */
async function pluginsOf(job: Job): Promise<string> {
  const { stdout, stderr } = await job.ask('-VV');
  return stdout + stderr;
}

async function limitOf(job: Job): Promise<number | undefined> {
  return (await isConfigured(job, SETTINGS, /^\s*timeout\s*=/m)) ? undefined : job.testTimeoutMs;
}

/** Unless the repository says what is to be covered it is what lies in it, not every package that is loaded. */
async function coverageArguments(job: Job): Promise<string[]> {
  const isNamed = await isConfigured(job, COVERAGE_SETTINGS, /^\s*source(_pkgs)?\s*=/m);
  return [
    isNamed ? '--cov' : '--cov=.',
    `--cov-report=xml:${coverageOf(job)}`,
    `--cov-report=html:${htmlOf(job)}`,
  ];
}

function narrowed({ selection: { files, pattern, changed, failed } }: Job): string[] {
  const only = [failed.map(({ id }) => id), files, changed];
  return [
    ...(pattern === undefined ? [] : ['-k', pattern]),
    ...(only.find(({ length }) => length > 0) ?? []),
  ];
}

function caseOf({ suites: _, className, ...one }: JunitCase): TestCase {
  const { file, line, message = '', name } = one;
  if (file === undefined) return one;
  // `tests.test_a.TestX` in tests/test_a.py: what is left is the class.
  const module = file.replace(/\.py$/, '').replaceAll('/', '.');
  const inside =
    className === module ? '' : className.slice(className.startsWith(module) ? module.length + 1 : 0);
  const isFile = className === '' && name === module;
  const id = [file, ...(inside === '' ? [] : inside.split('.')), ...(isFile ? [] : [name])].join('::');
  // The report counts lines from 0, and means the first line of the test.
  const place = lineIn(message, file) ?? (line === undefined ? undefined : line + 1);
  return { ...one, name: id, id, ...(place === undefined ? {} : { line: place }) };
}
