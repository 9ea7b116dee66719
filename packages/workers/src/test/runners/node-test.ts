import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import picomatch from 'picomatch';
import { readLcov } from '../coverage-reports.ts';
import { type JunitCase, parseJunit } from '../junit.ts';
import { escapePattern, type Job, lineIn, type Project, type Runner, type TestCase } from '../runner.ts';
import { filesOf, isNodeSetting, isNodeSource } from './node-package.ts';

/** What Node takes for tests when nothing is named (documentation of `node --test`). */
const DEFAULT_FILES = [
  '**/*.test.{js,mjs,cjs,ts,mts,cts}',
  '**/*[-_]test.{js,mjs,cjs,ts,mts,cts}',
  '**/test-*.{js,mjs,cjs,ts,mts,cts}',
  '**/test.{js,mjs,cjs,ts,mts,cts}',
  '**/test/**/*.{js,mjs,cjs,ts,mts,cts}',
];
/** Looking into a few files tells as much as looking into all of them. */
const LOOKED_INTO = 5;

export const nodeTest: Runner = {
  name: 'node',
  program: 'node',
  install: { other: 'install Node.js from https://nodejs.org' },
  async recognise(project) {
    if (scriptOf(project) !== undefined)
      return { reason: 'node --test in the scripts of package.json', strong: true };
    const isDefault = picomatch(DEFAULT_FILES);
    const files = project.files.filter((file) => isDefault(file)).slice(0, LOOKED_INTO);
    const texts = await Promise.all(files.map(project.read));
    return texts.some((text) => /['"]node:test['"]/.test(text))
      ? { reason: 'files that use node:test', strong: false }
      : undefined;
  },
  isAffectedBy: isNodeSource,
  affectsAll: isNodeSetting,
  async affected(_, changed) {
    const isTest = picomatch(DEFAULT_FILES);
    return changed.every((file) => isTest(file)) ? changed : undefined;
  },
  async run(job) {
    const own = scriptOf(job.project) ?? [];
    const limited = own.some((argument) => argument.startsWith('--test-timeout'));
    const isOption = (argument: string) => argument.startsWith('-');
    return {
      arguments: [
        ...own.filter(isOption),
        ...(limited || job.testTimeoutMs === undefined ? [] : [`--test-timeout=${job.testTimeoutMs}`]),
        ...((await canForceExit(job)) ? ['--test-force-exit'] : []),
        ...names(job),
        ...(job.coverage ? coverageArguments(job) : []),
        '--test-reporter=junit',
        `--test-reporter-destination=${reportOf(job)}`,
        // For people who watch, and for what a file that cannot be loaded has to say.
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        '--test',
        ...(narrowedFiles(job) ?? own.filter((argument) => !isOption(argument))),
      ],
    };
  },
  async read(job, { stdout }) {
    const xml = await readFile(reportOf(job), 'utf8').catch(() => '');
    const cases = parseJunit(xml)
      ?.filter((one) => !isEmptyFile(job, one))
      .map((one) => caseOf(job, isBrokenFile(one) ? { ...one, message: stdout } : one));
    const coverage = job.coverage ? await readLcov(lcovOf(job)) : undefined;
    return cases && { cases, ...(coverage === undefined ? {} : { coverage }) };
  },
  async readCollected(job) {
    const own = (scriptOf(job.project) ?? []).filter((argument) => !argument.startsWith('-'));
    const only = narrowedFiles(job) ?? own;
    const isTest = picomatch(only.length === 0 ? DEFAULT_FILES : only.flatMap((one) => [one, `${one}/**`]));
    return job.project.files.filter((file) => isTest(file)).map((file) => ({ name: file, file }));
  },
};

const reportOf = ({ reports }: Job) => join(reports, 'node.xml');
const lcovOf = ({ reports }: Job) => join(reports, 'lcov.info');

/** The arguments of the first script that runs Node's tests, without those that would get in the way. */
function scriptOf({ folder }: Project): string[] | undefined {
  const commands = Object.values(folder.scripts).flatMap((script) => script.split(/&&|\|\||;/));
  const command = commands.map(wordsOf).find((words) => words.includes('node') && words.includes('--test'));
  return command
    ?.slice(command.indexOf('node') + 1)
    .filter(
      (word) =>
        !/^(--test|--watch|--experimental-test-coverage|--test-reporter(-destination)?=.*)$/.test(word),
    );
}

/** Words of a simple command line: quotes are taken off, nothing is filled in. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

/** A test that left something open would keep Node waiting. Before 24 the report is cut off then (seen with 20.20). */
async function canForceExit({ ask }: Job): Promise<boolean> {
  const { stdout } = await ask('--version');
  return Number(/^v(\d+)/.exec(stdout)?.[1]) >= 24;
}

/** A file in which no test fits the pattern is reported as a test that passed. */
function isEmptyFile({ project }: Job, { name, status }: JunitCase): boolean {
  return status === 'passed' && project.files.includes(name);
}

/** All that is said of a file that ended badly by itself; why stands in what it printed. */
function isBrokenFile({ message }: JunitCase): boolean {
  return message?.includes("cause: 'test failed'") === true;
}

function names({ selection }: Job): string[] {
  const { pattern, failed } = selection;
  if (failed.length > 0) return failed.map(({ id }) => `--test-name-pattern=${escapePattern(id)}`);
  return pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
}

/** Undefined: the files that the script names. */
function narrowedFiles({ selection: { files, changed, failed } }: Job): readonly string[] | undefined {
  return [files, filesOf(failed), changed].find(({ length }) => length > 0);
}

function coverageArguments(job: Job): string[] {
  return [
    '--experimental-test-coverage',
    '--test-reporter=lcov',
    `--test-reporter-destination=${lcovOf(job)}`,
  ];
}

function caseOf(job: Job, { suites, className: _, ...one }: JunitCase): TestCase {
  const id = [...suites, one.name].join(' ');
  const file = one.file ?? fileInStack(job, one.message ?? '');
  const url = file === undefined ? undefined : pathToFileURL(file).href;
  const line = file && url && (lineIn(one.message ?? '', url) ?? lineIn(one.message ?? '', file));
  return {
    ...one,
    name: [...suites, one.name].join(' > '),
    id,
    ...(file === undefined ? {} : { file }),
    ...(line ? { line } : {}),
  };
}

/** Node before 22 does not say in which file a test is. */
function fileInStack({ root }: Job, message: string): string | undefined {
  const prefix = escapePattern(pathToFileURL(`${root}/`).href);
  const [, file] = new RegExp(`${prefix}(\\S+?):\\d+`).exec(message) ?? [];
  return file === undefined ? undefined : join(root, decodeURIComponent(file));
}
