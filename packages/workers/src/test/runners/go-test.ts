import { join } from 'node:path';
import type { Completed } from '@cadre/sdk';
import { goPackages } from '../affected/go-packages.ts';
import { readGoCoverage } from '../coverage-reports.ts';
import { escapePattern, type Job, type Runner, type TestCase } from '../runner.ts';

/** A line of `go test -json` (`go doc test2json`). */
interface GoEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Elapsed?: number;
  readonly Output?: string;
}

const STATUS = { pass: 'passed', fail: 'failed', skip: 'skipped' } as const;

export const goTest: Runner = {
  name: 'go',
  program: 'go',
  install: { apt: 'golang-go', brew: 'go' },
  nests: true,
  async recognise({ folder, files }) {
    const hasTests = files.some((file) => file.endsWith('_test.go'));
    const reason = hasTests ? folder.file('go.mod') : undefined;
    return reason === undefined ? undefined : { reason, strong: true };
  },
  isAffectedBy: (path) => /(\.go|go\.(mod|sum)|\/testdata\/.*)$/.test(path),
  affectsAll: (path) => /(^|\/)go\.(mod|sum)$/.test(path),
  affected: goPackages,
  async run(job) {
    return {
      arguments: [
        'test',
        '-json',
        ...(job.coverage ? [`-coverprofile=${profileOf(job)}`] : []),
        ...names(job),
        ...packages(job),
      ],
      env: environmentOf(job),
    };
  },
  async read(job, completed) {
    const events = eventsOf(completed.stdout);
    const module = /^module\s+(\S+)/m.exec(await job.project.read('go.mod'))?.[1] ?? '';
    const broken = brokenPackages(completed, module);
    if (!events.some(({ Action }) => Action in STATUS) && broken.length === 0) return undefined;
    const coverage = job.coverage ? await readGoCoverage(profileOf(job)) : undefined;
    const cases = [...casesOf(events, module), ...broken];
    return { cases, ...(coverage === undefined ? {} : { coverage }) };
  },
  async collect(job) {
    return {
      arguments: ['test', '-json', '-list', job.selection.pattern ?? '.', ...packages(job)],
      env: environmentOf(job),
    };
  },
  async readCollected(_, completed) {
    const events = eventsOf(completed?.stdout ?? '');
    const names = events
      .map(({ Output = '' }) => Output.trim())
      .filter((name) => /^(Test|Example|Fuzz)\w*$/.test(name));
    return events.length === 0 ? undefined : names.map((name) => ({ name }));
  },
};

const profileOf = ({ reports }: Job) => join(reports, 'coverage.out');

/** The usual place for compiled packages is in the home folder, which is closed to a worker. */
function environmentOf({ context }: Job): Record<string, string> {
  return { GOCACHE: join(context.dataDir, 'go-build') };
}

function names({ selection }: Job): string[] {
  const { pattern, failed } = selection;
  if (failed.length === 0) return pattern === undefined ? [] : ['-run', pattern];
  // A pattern with a slash is one for each level, so a failed part of a test means the whole test.
  const tests = new Set(failed.map(({ id }) => id.split('/')[0] ?? ''));
  return ['-run', `^(${[...tests].map(escapePattern).join('|')})$`];
}

function packages({ selection }: Job): string[] {
  const folders = [...selection.files, ...selection.changed].map((file) =>
    file.endsWith('.go') ? file.replace(/(^|\/)[^/]*$/, '') : file,
  );
  return folders.length === 0 ? ['./...'] : [...new Set(folders.map((folder) => `./${folder}`))];
}

function eventsOf(stdout: string): GoEvent[] {
  return stdout.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as GoEvent] : [];
    } catch {
      return [];
    }
  });
}

function casesOf(events: readonly GoEvent[], module: string): TestCase[] {
  const grouped = Map.groupBy(
    events.filter(({ Test }) => Test !== undefined),
    ({ Package = '', Test = '' }) => `${Package}\n${Test}`,
  );
  const cases = [...grouped.values()].map((own) => caseOf(own, module));
  // A test with parts is counted by its parts, unless it fails where they do not.
  return cases.filter((one) => {
    const parts = cases.filter(({ name }) => name.startsWith(`${one.name}/`));
    return (
      parts.length === 0 || (one.status === 'failed' && parts.every(({ status }) => status !== 'failed'))
    );
  });
}

function caseOf(events: readonly GoEvent[], module: string): TestCase {
  const [{ Package = '', Test = '' } = {}] = events;
  const end = events.findLast(({ Action }) => Action in STATUS);
  const output = events.map(({ Output = '' }) => Output).join('');
  const [, file, line] = /^\s*(\w[\w.-]*\.go):(\d+): /m.exec(output) ?? [];
  const folder = folderOf(Package, module);
  return {
    name: `${folder === '' ? '' : `${folder}.`}${Test}`,
    id: Test,
    // A test that never ended was cut off, by a panic or a time limit.
    status: STATUS[(end?.Action ?? 'fail') as keyof typeof STATUS],
    durationMs: Math.round((end?.Elapsed ?? 0) * 1000),
    ...(file === undefined ? {} : { file: join(folder, file), line: Number(line) }),
    ...(end?.Action === 'pass' ? {} : { message: output }),
  };
}

/** Packages that could not be built have no tests to fail, so they fail themselves. */
function brokenPackages({ stdout, stderr }: Completed, module: string): TestCase[] {
  const names = `${stdout}\n${eventsOf(stdout)
    .map(({ Output = '' }) => Output)
    .join('')}`;
  const broken = new Set(
    [...names.matchAll(/^FAIL\t(\S+) \[(?:build|setup) failed\]/gm)].map(([, name = '']) => name),
  );
  return [...broken].map((name) => {
    const [, file, line] = /^(\S+\.go):(\d+):\d+: /m.exec(stderr) ?? [];
    return {
      name: `${folderOf(name, module) || '.'} (build)`,
      id: '',
      status: 'failed',
      durationMs: 0,
      message: stderr,
      ...(file === undefined ? {} : { file, line: Number(line) }),
    };
  });
}

function folderOf(name: string, module: string): string {
  return name === module ? '' : name.slice(name.startsWith(`${module}/`) ? module.length + 1 : 0);
}
