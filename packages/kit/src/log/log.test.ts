import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../files/temp-dir.ts';
import { createLog, createMask, type LogOptions } from './index.ts';

const MODULE = JSON.stringify(new URL('./index.ts', import.meta.url).href);

async function setUp(options: LogOptions = {}) {
  const temporary = await tempDir('kit log');
  onTestFinished(() => temporary.remove());
  const file = join(temporary.path, 'logs here', 'app.log');
  const shown: string[] = [];
  const log = createLog({
    file,
    now: () => 0,
    ...options,
    console: { stream: { write: (text) => shown.push(text) }, ...options.console },
  });
  onTestFinished(() => log.close());
  const written = async () => {
    await log.flush();
    return readFile(file, 'utf8');
  };
  return { file, folder: join(file, '..'), log, shown, written };
}

test('file and console have levels of their own [HYG-35]', async () => {
  const { log, shown, written } = await setUp({ level: 'info', console: { level: 'error' } });
  log.debug('one');
  log.info('two');
  log.warn('three');
  log.error('four');
  expect(await written()).toBe(
    '1970-01-01T00:00:00.000Z INFO  two\n1970-01-01T00:00:00.000Z WARN  three\n1970-01-01T00:00:00.000Z ERROR four\n',
  );
  expect(shown).toEqual(['1970-01-01T00:00:00.000Z ERROR four\n']);
});

test('a JSON line carries time, level, message, name, run, step, file, line, exception and extras [HYG-35]', async () => {
  const { log, written } = await setUp({ format: 'json', fields: { name: 'engine' }, source: true });
  const error = new TypeError('bad\nthing', { cause: 'why' });
  log
    .with({ run: 'run_1' })
    .with({ step: 'format' })
    .warn('went wrong', { error, tries: 3, big: 10n, time: 'mine' });
  const record = JSON.parse(await written());
  expect(record).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    message: 'went wrong',
    name: 'engine',
    run: 'run_1',
    step: 'format',
    file: expect.stringContaining('log.test.ts'),
    line: expect.any(Number),
    tries: 3,
    big: '10',
    exception: {
      type: 'TypeError',
      message: 'bad\nthing',
      stack: expect.stringContaining('log.test.ts'),
      cause: { type: 'string', message: 'why' },
    },
  });
});

test('a text line cannot be forged and shows the stack below it', async () => {
  const { log, written } = await setUp({ fields: { name: 'git', run: 'run_1', step: 'commit' } });
  const error = new Error('outer', { cause: new Error('inner') });
  log.info('one\n1970 ERROR forged \x1b[2J', { path: 'a b', count: 2, error });
  const lines = (await written()).trimEnd().split('\n');
  expect(lines[0]).toBe(
    '1970-01-01T00:00:00.000Z INFO  git run_1 commit: one␊1970 ERROR forged ␛[2J path="a b" count=2',
  );
  expect(lines[1]).toBe('    Error: outer');
  expect(lines).toContain('    caused by');
  expect(lines.slice(1).every((line) => line.startsWith('    '))).toBe(true);
});

test('values that JSON cannot hold do not stop the line', async () => {
  const { log, written } = await setUp({ format: 'json' });
  const circle: Record<string, unknown> = { when: new Date(Number.NaN) };
  circle['self'] = circle;
  const round = new Error('round');
  round.cause = round;
  log.error('odd', { circle, error: round, nothing: undefined });
  expect(JSON.parse(await written())).toMatchObject({ circle: { when: 'Invalid Date', self: '(circular)' } });
});

test('secrets and patterns are masked everywhere before anything is written [HYG-35]', async () => {
  const mask = createMask({
    values: ['hunter2', 'hunter2-longer', 'ab', 'quo"te\\d'],
    patterns: [/tok_\w+/],
  });
  for (const format of ['text', 'json'] as const) {
    const { log, shown, written } = await setUp({ format, mask, console: { format, level: 'debug' } });
    log.error('login hunter2-longer with tok_abc tok_def', {
      nested: { list: ['x hunter2 y', 'quo"te\\d'] },
      hunter2: 1,
      error: new Error('refused hunter2', { cause: new Error('tok_inner') }),
    });
    const text = (await written()) + shown.join('');
    expect(text).not.toMatch(/hunter2|tok_|longer|te\\\\d/);
    expect(text).toContain('login *** with *** ***');
  }
});

test('the file is renamed when it is full and so many are kept [HYG-35]', async () => {
  const { folder, log, written } = await setUp({ maxBytes: 1_000, keep: 3 });
  for (let number = 0; number < 200; number++) {
    log.info(`line ${number} ${'ü'.repeat(20)}`);
    if (number % 7 === 0) await log.flush();
  }
  expect(await written()).toContain('line 199');
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.lock')).sort();
  expect(names).toEqual(['app.log', 'app.log.1', 'app.log.2']);
  for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(1_000);
  const kept = await Promise.all(names.toReversed().map((name) => readFile(join(folder, name), 'utf8')));
  const numbers = [...kept.join('').matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
  expect(numbers.at(-1)).toBe(199);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 200 - numbers.length + index));
});

test('a line that is larger than a file is written whole, and one file only is possible', async () => {
  const { folder, log, written } = await setUp({ maxBytes: 100, keep: 1 });
  log.info('x'.repeat(500));
  log.info('last');
  expect(await written()).toBe('1970-01-01T00:00:00.000Z INFO  last\n');
  expect((await readdir(folder)).filter((name) => name.startsWith('app.log')).sort()).toEqual([
    'app.log',
    'app.log.lock',
  ]);
});

test('many processes write and rotate at once and no line is lost or mixed [HYG-35]', {
  timeout: 120_000,
}, async () => {
  const { file, folder } = await setUp();
  const script = `
    import { createLog } from ${MODULE};
    const log = createLog({ file: process.argv[1], maxBytes: 20_000, keep: 100, format: 'json' });
    for (let number = 0; number < 500; number++) {
      log.info('x'.repeat(number % 90), { writer: process.argv[2], number });
      if (number % 10 === 0) await log.flush();
    }
    await log.close();`;
  const children = ['a', 'b', 'c'].map((writer) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, file, writer], { stdio: 'inherit' }),
  );
  await Promise.all(children.map((child) => once(child, 'exit')));
  const names = (await readdir(folder)).filter((name) => /app\.log(\.\d+)?$/.test(name));
  expect(names.length).toBeGreaterThan(5);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const seen = new Set(lines.map(({ writer, number }) => `${writer}${number}`));
  expect(lines).toHaveLength(1_500);
  expect(seen.size).toBe(1_500);
});

test('a folder that cannot be written is one warning and the run goes on [HYG-35]', async () => {
  const temporary = await tempDir('kit log');
  onTestFinished(() => temporary.remove());
  await writeFile(join(temporary.path, 'file'), '');
  const shown: string[] = [];
  const log = createLog({
    file: join(temporary.path, 'file', 'below', 'app.log'),
    console: { stream: { write: (text) => shown.push(text) } },
  });
  log.info('one');
  await log.flush();
  log.warn('two');
  await log.flush();
  await log.close();
  expect(shown).toEqual([
    expect.stringContaining('cannot write the log file'),
    expect.stringContaining('WARN  two'),
  ]);
});

test('a process that just exits has written its lines', async () => {
  const { file } = await setUp();
  const script = `
    import { createLog } from ${MODULE};
    const log = createLog({ file: process.argv[1] });
    log.info('first');
    await log.flush();
    log.info('last words');
    process.exit(0);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script, file]);
  expect(await readFile(file, 'utf8')).toMatch(/first\n.*last words\n$/);
});

test('a log without a file is a console', () => {
  const shown: string[] = [];
  const log = createLog({
    console: { stream: { write: (text) => shown.push(text) }, level: 'debug', format: 'json' },
  });
  log.debug('hello', { n: 1 });
  expect(JSON.parse(shown[0] ?? '')).toMatchObject({ level: 'debug', message: 'hello', n: 1 });
});
