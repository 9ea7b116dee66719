import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../format/width.ts';
import {
  type Clock,
  createProgress,
  type ProgressEvent,
  type ProgressOptions,
  progressMode,
} from './index.ts';

const UTF8 = { LANG: 'en_US.UTF-8' };

/** Time that only the test moves. */
function fakeClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let waiting: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after(ms, callback) {
      const entry = { at: now + ms, callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        waiting = waiting.filter((entry) => entry !== next);
        now = next.at;
        next.callback();
      }
      now = end;
    },
  };
}

/** A terminal that does what the escape codes say, as far as they are used. */
function fakeTerminal(columns: number, rows: number) {
  let lines: string[] = [''];
  let row = 0;
  let cursor = true;
  let writes = 0;
  let width = columns;
  let resized: (() => void) | undefined;
  const put = (text: string) => {
    for (const cell of text) {
      const line = lines[row] ?? '';
      if (displayWidth(line) + displayWidth(cell) > width) next();
      lines[row] = (lines[row] ?? '') + cell;
    }
  };
  const next = () => {
    row += 1;
    lines[row] ??= '';
  };
  const CODES: Record<string, (count: number) => void> = {
    A: (count) => {
      row = Math.max(0, row - count);
    },
    J: () => {
      lines = [...lines.slice(0, row), ''];
    },
    h: () => {
      cursor = true;
    },
    l: () => {
      cursor = false;
    },
    m: () => {},
  };
  return {
    isTTY: true,
    columns,
    rows,
    write(text: string) {
      writes += 1;
      for (const part of text.split(/(\x1b\[\??\d*[A-Za-z]|\n|\r)/)) {
        const code = /^\x1b\[\??(\d*)([A-Za-z])$/.exec(part);
        if (code !== null) CODES[code[2] ?? '']?.(Number(code[1]));
        else if (part === '\n') next();
        else if (part !== '\r') put(part);
      }
    },
    on: (_: 'resize', listener: () => void) => {
      resized = listener;
    },
    off: () => {
      resized = undefined;
    },
    resize(cells: number) {
      // As terminals do: what stood on one long line now takes several.
      const wrapped = lines.map((line) => wrapCells(line, cells));
      row = wrapped.slice(0, row).flat().length;
      lines = wrapped.flat();
      width = cells;
      this.columns = cells;
      resized?.();
    },
    screen: () => lines.map((line) => line.trimEnd()).filter((line) => line !== ''),
    cursorShown: () => cursor,
    writes: () => writes,
    listens: () => resized !== undefined,
  };
}

function wrapCells(line: string, width: number): string[] {
  const rows = [''];
  for (const cell of line) {
    if (displayWidth(rows.at(-1) + cell) > width) rows.push('');
    rows[rows.length - 1] += cell;
  }
  return rows;
}

function setUp(options: { columns?: number; rows?: number } & ProgressOptions = {}) {
  const clock = fakeClock();
  const terminal = fakeTerminal(options.columns ?? 80, options.rows ?? 24);
  const progress = createProgress({
    stream: terminal,
    clock,
    mode: 'terminal',
    env: { ...UTF8, NO_COLOR: '1' },
    ...options,
  });
  return { clock, terminal, progress };
}

describe('on a terminal', () => {
  test('several tasks move in place, children below their parents, ended ones stay above', () => {
    const { clock, terminal, progress } = setUp();
    const whole = progress.start('whole', { total: 4, unit: 'steps' });
    const part = progress.start('part', { parent: whole });
    const other = progress.start('other');
    clock.advance(100);
    expect(terminal.screen()).toEqual([
      expect.stringMatching(/^[⠋-⠿] whole ░{20} {3}0% 0 of 4 steps$/),
      expect.stringMatching(/^ {2}[⠋-⠿] part$/),
      expect.stringMatching(/^[⠋-⠿] other$/),
    ]);
    whole.update(2);
    part.end();
    other.end('failed');
    clock.advance(100);
    expect(terminal.screen()).toEqual([
      '  ✔ part',
      '✖ other',
      expect.stringMatching(/^[⠋-⠿] whole █{10}░{10} {2}50% 2 of 4 steps$/),
    ]);
    whole.end('skipped');
    progress.close();
    expect(terminal.screen()).toEqual(['  ✔ part', '✖ other', '– whole 2 of 4 steps']);
    expect(terminal.cursorShown()).toBe(true);
    expect(terminal.listens()).toBe(false);
  });

  test('draws at most ten times a second, however often work reports [FND-59]', () => {
    const { clock, terminal, progress } = setUp();
    const task = progress.start('many', { total: 100_000 });
    for (let step = 0; step < 3_000; step++) {
      task.add();
      clock.advance(1);
    }
    expect(terminal.writes()).toBeLessThanOrEqual(31);
    expect(terminal.writes()).toBeGreaterThanOrEqual(29);
    expect(terminal.cursorShown()).toBe(false);
    progress.close();
  });

  test('a narrower window leaves no remains of wider lines [FND-59]', () => {
    const { clock, terminal, progress } = setUp({ columns: 60 });
    progress.print('kept');
    const task = progress.start('a name that is rather long for a narrow window', {
      total: 10,
      unit: 'files',
    });
    progress.start('日本語'.repeat(8), { parent: task });
    clock.advance(100);
    terminal.resize(25);
    clock.advance(100);
    expect(terminal.screen()).toHaveLength(3);
    expect(terminal.screen()[0]).toBe('kept');
    for (const line of terminal.screen()) expect(displayWidth(line)).toBeLessThan(25);
    terminal.resize(100);
    clock.advance(100);
    expect(terminal.screen()).toHaveLength(3);
    expect(terminal.screen()[1]).toContain('a name that is rather long for a narrow window');
    progress.close();
  });

  test('never draws more rows than there are', () => {
    const { clock, terminal, progress } = setUp({ rows: 5 });
    for (let index = 0; index < 20; index++) progress.start(`task ${index}`);
    clock.advance(1_000);
    expect(terminal.screen()).toHaveLength(4);
    expect(terminal.screen().at(-1)).toContain('task 19');
    progress.close();
    expect(terminal.screen()).toEqual([]);
  });

  test('names with control characters and events that are tangled do no harm', () => {
    const { clock, terminal, progress } = setUp();
    progress.start('evil\x1b[2J\nname');
    progress.show({ id: 'a', parent: 'b', label: 'a', done: 0, state: 'running' });
    progress.show({ id: 'b', parent: 'a', label: 'b', done: 0, state: 'running' });
    progress.show({ id: 'b', parent: 'a', label: 'b', done: 0, state: 'failed' });
    clock.advance(100);
    expect(terminal.screen().join('|')).toContain('evil␛[2J␊name');
    progress.close();
  });

  test('no colours under NO_COLOR, no Unicode where the locale has none [FND-60]', () => {
    const raw = (env: Record<string, string>) => {
      const clock = fakeClock();
      let text = '';
      const progress = createProgress({
        stream: { write: (part) => (text += part) },
        clock,
        mode: 'terminal',
        env,
      });
      const task = progress.start('a long name '.repeat(10), { total: 3 });
      task.update(1);
      clock.advance(100);
      task.end();
      progress.close();
      return text;
    };
    expect(raw(UTF8)).toContain('\x1b[32m✔\x1b[39m');
    expect(raw({ ...UTF8, NO_COLOR: '1' })).not.toMatch(/\x1b\[\d+m/);
    expect(raw({ LANG: 'C' })).toMatch(/^[\x00-\x7f]*$/);
    expect(raw({ LANG: 'C' })).toContain('#######......');
  });
});

describe('rate and remaining time', () => {
  test('appear after two seconds and follow the recent speed [FND-60]', () => {
    const events: ProgressEvent[] = [];
    const { clock, progress } = setUp({ onEvent: (event) => events.push(event) });
    const task = progress.start('work', { total: 1_000 });
    clock.advance(1_900);
    task.update(19);
    expect(events.at(-1)).not.toHaveProperty('rate');
    clock.advance(100);
    task.update(20);
    expect(events.at(-1)).toMatchObject({ rate: 10, etaMs: 98_000 });
    for (let second = 0; second < 20; second++) {
      clock.advance(1_000);
      task.add(40);
    }
    expect(events.at(-1)?.rate).toBeCloseTo(40, 5);
    expect(events.at(-1)?.etaMs).toBeCloseTo(4_500, 0);
    task.end();
    expect(events.at(-1)).not.toHaveProperty('etaMs');
    progress.close();
  });

  test('are never negative, infinite or not a number, whatever is reported [FND-60]', () => {
    const step = fc.record({
      ms: fc.nat({ max: 5_000 }),
      done: fc.double(),
      total: fc.option(fc.double(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const events: ProgressEvent[] = [];
        const { clock, progress } = setUp({ mode: 'quiet', onEvent: (event) => events.push(event) });
        const task = progress.start('odd');
        for (const { ms, done, total } of steps) {
          clock.advance(ms);
          task.update(done, total === undefined ? {} : { total });
        }
        for (const { done, total = 0, rate = 0, etaMs = 0 } of events) {
          for (const value of [done, total, rate, etaMs]) {
            expect(Number.isFinite(value)).toBe(true);
            expect(value).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  test('an unknown total shows count and rate only [FND-60]', () => {
    const { clock, terminal, progress } = setUp();
    const task = progress.start('reading', { unit: 'bytes' });
    clock.advance(4_000);
    task.update(4 * 1024 ** 2);
    clock.advance(100);
    expect(terminal.screen()[0]).toMatch(/^[⠋-⠿] reading 4 MiB, 1 MiB\/s$/);
    progress.close();
  });
});

describe('elsewhere', () => {
  const lines = (mode: ProgressOptions['mode']) => {
    const clock = fakeClock();
    const written: string[] = [];
    const progress = createProgress({
      stream: { write: (text) => written.push(text) },
      clock,
      env: {},
      ...(mode ? { mode } : {}),
    });
    return { clock, progress, written };
  };

  test('a line at the start, every tenth or ten seconds, and at the end [FND-59]', () => {
    const { clock, progress, written } = lines(undefined);
    const task = progress.start('copy', { total: 100, unit: 'files' });
    for (let done = 1; done <= 25; done++) task.update(done);
    expect(written).toEqual([
      'copy: started\n',
      'copy: 10%: 10 of 100 files\n',
      'copy: 20%: 20 of 100 files\n',
    ]);
    written.length = 0;
    clock.advance(9_999);
    task.update(26);
    expect(written).toEqual([]);
    clock.advance(1);
    task.update(27);
    expect(written).toEqual([expect.stringMatching(/^copy: 27%: 27 of 100 files, .*\/s, .* left\n$/)]);
    task.end('failed');
    task.end();
    task.update(100);
    expect(written.slice(1)).toEqual(['copy: failed: 27 of 100 files\n']);
  });

  test('one JSON event a line, or nothing at all [FND-58] [FND-59]', () => {
    const { progress, written } = lines('json');
    const parent = progress.start('a\nb', { total: 2 });
    progress.start('child', { parent }).end();
    expect(written.map((line) => JSON.parse(line))).toEqual([
      { id: 'task-1', label: 'a\nb', done: 0, total: 2, state: 'running' },
      { id: 'task-2', parent: 'task-1', label: 'child', done: 0, state: 'running' },
      { id: 'task-2', parent: 'task-1', label: 'child', done: 0, state: 'succeeded' },
    ]);
    expect(written.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
    const quiet = lines('quiet');
    quiet.progress.start('x').end();
    quiet.progress.print('y');
    expect(quiet.written).toEqual([]);
  });

  test('the same stream of events feeds every mode [FND-58]', () => {
    const seen: ProgressEvent[][] = (['terminal', 'lines', 'json', 'quiet'] as const).map((mode) => {
      const events: ProgressEvent[] = [];
      const { progress } = setUp({ mode, onEvent: (event) => events.push(event) });
      progress.start('x', { total: 2 }).update(1);
      progress.close();
      return events;
    });
    for (const events of seen) expect(events).toEqual(seen[0]);
  });

  test('lines are redrawn only on a terminal that can', () => {
    const terminal = { write: () => true, isTTY: true };
    expect(progressMode(terminal, {})).toBe('terminal');
    expect(progressMode(terminal, { TERM: 'dumb' })).toBe('lines');
    expect(progressMode({ write: () => true }, {})).toBe('lines');
  });
});

describe('the cursor', () => {
  const script = `
    import { createProgress } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    const progress = createProgress({ mode: 'terminal', env: {} });
    progress.start('work');
    setTimeout(() => {
      console.log('drawn');
      if (process.argv[1] === 'exit') process.exit(3);
      if (process.argv[1] === 'throw') throw new Error('bug');
    }, 200);
    setInterval(() => {}, 1000);`;

  test.each([
    ['SIGINT', { signal: 'SIGINT' }],
    ['SIGTERM', { signal: 'SIGTERM' }],
    ['exit', { code: 3 }],
    ['throw', { code: 1 }],
  ])('is shown again after %s, which ends the process as usual [FND-59]', async (way, end) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, way], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let shown = '';
    child.stderr.on('data', (chunk) => (shown += chunk));
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    if (way.startsWith('SIG')) child.kill(way as NodeJS.Signals);
    const [code, signal] = await closed;
    expect({ code, signal }).toEqual({ code: null, signal: null, ...end });
    expect(shown).toContain('\x1b[?25l');
    expect(shown.lastIndexOf('\x1b[?25h')).toBeGreaterThan(shown.lastIndexOf('\x1b[?25l'));
  });
});
