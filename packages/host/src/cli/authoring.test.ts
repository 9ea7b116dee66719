import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeContained } from '../../test/contained.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { until } from '../testing/until.ts';
import { temporaryPlace } from './testing/temporary-place.ts';
import { tryCli } from './testing.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const PATIENT = 120_000;
const TEMPLATES = readdirSync(join(import.meta.dirname, '../../templates/worker')).sort();

function changeFile(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

function processesWith(text: string): readonly string[] {
  const all = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(text));
}

describe('a worker to begin with', () => {
  test('[WRK-1] is explained by editors: its manifest names the schema, which lies in the workspace', async () => {
    const place = temporaryPlace({});
    expect((await place.cadre('worker', 'new', 'greeter')).code).toBe(0);
    const folder = join(place.folder, '.cadre/workers/greeter');
    const [first = ''] = readFileSync(join(folder, 'worker.yaml'), 'utf8').split('\n');
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
    expect(JSON.parse(readFileSync(join(folder, path), 'utf8'))).toHaveProperty('properties.entrypoint');
    expect((await place.cadre('worker', 'new', 'other', '--in', join(place.home, 'x'))).code).toBe(0);
    expect(readFileSync(join(place.home, 'x/other/worker.yaml'), 'utf8')).toMatch(/^id: other/);
  });

  test('is made whole or not at all', async () => {
    const place = temporaryPlace({});
    expect(TEMPLATES).toEqual(['action', 'api', 'program', 'step', 'stream']);
    expect(await place.cadre('worker', 'new', 'greeter')).toMatchObject({ code: 0 });
    expect(readdirSync(join(place.folder, '.cadre/workers/greeter')).sort()).toEqual([
      '.gitignore',
      'README.md',
      'main.js',
      'package.json',
      'test',
      'worker.yaml',
    ]);
    expect(await place.cadre('worker', 'new', 'greeter')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is there already'),
    });
    expect(await place.cadre('worker', 'new', 'Greeter')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('lower-case'),
    });
    expect(await place.cadre('worker', 'new', 'other', '--template', 'actoin')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('action'),
    });
    expect(readdirSync(join(place.folder, '.cadre/workers'))).toEqual(['greeter']);
  });
});

describe('[WRK-2] validating', () => {
  test('tells every fault with its place, expected and got, and what to do', async () => {
    const place = temporaryPlace({});
    await place.cadre('worker', 'new', 'greeter');
    const manifest = join(place.folder, '.cadre/workers/greeter/worker.yaml');
    changeFile(manifest, 'entrypoint: main.js', 'entrypoint: nowhere.js');
    changeFile(manifest, 'words: 6', 'words: six');
    const found = await place.cadre('worker', 'validate', '.cadre/workers/greeter');
    expect(found.code).toBe(2);
    expect(found.stdout).toMatch(/there is no file nowhere\.js/);
    expect(found.stdout).toMatch(/worker\.yaml:\d+:\d+.*does not fit its schema/s);
  });

  test('[WRK-24] goes through the security checklist, of which the findings are faults where one is strict', async () => {
    const place = temporaryPlace({});
    await place.cadre('worker', 'new', 'greeter');
    const folder = join(place.folder, '.cadre/workers/greeter');
    changeFile(
      join(folder, 'worker.yaml'),
      'permissions: []',
      'permissions: ["shell:bash", "net:*", "fs:write:."]',
    );
    writeFileSync(join(folder, 'more.js'), 'eval("1");\n');
    const loose = await place.cadre('worker', 'validate', folder);
    expect(loose.code).toBe(0);
    for (const says of [
      'bash runs whatever',
      'any host',
      'evaluates text as code',
      'says that it changes nothing',
    ])
      expect(loose.stdout).toContain(says);
    expect(await place.cadre('worker', 'validate', '--strict', folder)).toMatchObject({ code: 2 });
    writeFileSync(join(folder, 'more.js'), `const key = '-----BEGIN PRIVATE KEY-----';\n`);
    expect(await place.cadre('worker', 'validate', folder)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('looks like a secret'),
    });
  });
});

/** A worker that wishes for a tier, with a test that holds in a container alone. */
async function wishing(tier: string) {
  const place = temporaryPlace({});
  await place.cadre('worker', 'new', 'greeter');
  const folder = join(place.folder, '.cadre/workers/greeter');
  changeFile(join(folder, 'worker.yaml'), /^permissions:/m, `isolation: ${tier}\npermissions:`);
  writeFileSync(
    join(folder, 'test/contained.test.js'),
    `import { equal } from 'node:assert/strict';
     import { readFileSync } from 'node:fs';
     import { test } from 'node:test';
     test('the root is that of a container', () => {
       const root = readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').map((line) => line.split(' ')).findLast((parts) => parts[4] === '/');
       equal(root[root.indexOf('-') + 1], 'overlay');
     });`,
  );
  return place.cadre('worker', 'test', '.cadre/workers/greeter');
}

describeSandboxed('[WRK-19] a worker that wishes for a stronger tier', () => {
  test('is not tried where that tier is missing', async () => {
    const tried = await wishing('remote');
    expect(tried).toMatchObject({ stderr: expect.stringContaining('needs tier 4 (remote)') });
    expect(tried.code).not.toBe(0);
    expect(tried.stdout).not.toContain('its own tests');
  });
});

describeContained('[WRK-19] a worker that wishes for a container', () => {
  test(
    'is tried in one, as its calls are made in one',
    async () => {
      expect(await wishing('container')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/\d trials, all well/),
      });
    },
    PATIENT,
  );
});

describeSandboxed('[WRK-6] an author', () => {
  test.each(TEMPLATES)(
    'has a worker from the template %s that is valid, and passes all that is tried',
    async (template) => {
      const place = temporaryPlace({});
      await place.cadre('worker', 'new', 'greeter', '--template', template);
      expect(await place.cadre('worker', 'validate', '--strict', '.cadre/workers/greeter')).toMatchObject({
        code: 0,
      });
      const tried = await place.cadre('worker', 'test', '.cadre/workers/greeter');
      expect(tried.stdout).toMatch(/its own tests/);
      expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d trials, all well/) });
    },
    PATIENT,
  );

  test(
    'hears which example is wrong, and which test',
    async () => {
      const place = temporaryPlace({});
      await place.cadre('worker', 'new', 'greeter');
      const folder = join(place.folder, '.cadre/workers/greeter');
      changeFile(join(folder, 'main.js'), 'words: words.length', 'words: words.length + 1');
      const { code, stdout } = await place.cadre('worker', 'test', folder);
      expect(code).toBe(1);
      expect(stdout).toMatch(/✗ its own tests/);
      expect(stdout).toMatch(/✗ count: example 1 .*it answered .*"words":7.*the example says/s);
    },
    PATIENT,
  );

  test(
    'that does not start is tried to the end all the same, and each trial says why [WRK-12]',
    async () => {
      const place = temporaryPlace({});
      await place.cadre('worker', 'new', 'greeter');
      const folder = join(place.folder, '.cadre/workers/greeter');
      writeFileSync(join(folder, 'main.js'), `throw new Error('boom');\n`);
      // A process of its own: nothing but the trials keeps it alive.
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--no-warnings', MAIN, 'worker', 'test', folder, '--json'],
        {
          cwd: place.folder,
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CADRE_HOME: place.home },
          encoding: 'utf8',
        },
      );
      expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
      const { trials } = JSON.parse(stdout) as { trials: { name: string; says?: string }[] };
      const says = trials.filter(({ name }) => /starts|example/.test(name)).map((trial) => trial.says);
      expect(says).toHaveLength(3);
      for (const said of says) {
        expect(said).toMatch(
          /worker_not_started: .*main\.js:1 \/ throw new Error\('boom'\); \/ Error: boom$/,
        );
      }
    },
    PATIENT,
  );

  test(
    'is told anew each time that something in the folder changes, until Ctrl-C',
    async () => {
      const place = temporaryPlace({});
      await place.cadre('worker', 'new', 'greeter');
      const folder = join(place.folder, '.cadre/workers/greeter');
      const ended = new AbortController();
      let isChanged = false;
      const developing = tryCli(['worker', 'dev', folder], {
        cwd: place.folder,
        env: { CADRE_HOME: place.home },
        interrupted: ended.signal,
        onOutput(stdout) {
          const looks = stdout.split('looks again').length - 1;
          if (looks === 1 && !isChanged) {
            isChanged = true;
            changeFile(join(folder, 'main.js'), 'words: words.length', 'words: words.length + 1');
          }
          if (looks === 2) ended.abort('SIGINT');
        },
      });
      const { code, stdout } = await developing;
      expect(code).toBe(0);
      expect(stdout).toMatch(/all well.*looks again.*✗ count: example 1/s);
    },
    PATIENT,
  );

  test(
    'stops a call when it is told to, with all that it started',
    async () => {
      const place = temporaryPlace({});
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        const stop = new AbortController();
        const input = JSON.stringify({ command: `touch begun-${code} && sleep 600.${code}` });
        const called = tryCli(['worker', 'call', 'shell/run', '--input', input], {
          cwd: place.folder,
          env: { CADRE_HOME: place.home },
          interrupted: stop.signal,
        });
        await until('it runs', () => existsSync(join(place.folder, `begun-${code}`)));
        stop.abort(signal);
        expect(await called).toMatchObject({ code, stderr: expect.stringContaining('cancelled') });
        expect(processesWith(`600.${code}`)).toEqual([]);
      }
    },
    PATIENT,
  );

  test(
    'calls an action through the gate, which checks its input and asks for what it wants',
    async () => {
      const place = temporaryPlace({ 'input.json': '{"text":"to be"}' });
      await place.cadre('worker', 'new', 'greeter');
      expect(await place.cadre('worker', 'call', 'greeter/count', '--input', 'input.json')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('"words": 2'),
      });
      expect(await place.cadre('worker', 'call', 'greeter/count', '--input', '{"text":1}')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('invalid_input'),
      });
      expect(await place.cadre('worker', 'call', 'greeter/count', '--input', 'nowhere.json')).toMatchObject({
        code: 2,
      });
      expect(await place.cadre('worker', 'call', 'greeter/coutn')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('greeter/count'),
      });
      await place.cadre('worker', 'new', 'scribe', '--template', 'step');
      const refused = await place.cadre(
        'worker',
        'call',
        'scribe/stamp',
        '--input',
        '{"file":"a.md","text":"Hi"}',
      );
      expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('cadre grant add scribe') });
      const granted = await place.cadreTyping(
        [[/scribe wants to/, '\x1b[B\r']],
        'worker',
        'call',
        'scribe/stamp',
        '--input',
        '{"file":"a.md","text":"Hi"}',
      );
      expect(granted).toMatchObject({ code: 0 });
      expect(readFileSync(join(place.folder, 'a.md'), 'utf8')).toContain('Hi');
    },
    PATIENT,
  );
});

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guide/writing-workers.md'), 'utf8');

/** Every block in its order: files are written, commands are typed. */
const blocks = [...guide.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```/gms)].map(
  ([, language, file, text = '']) => ({ language, file, text }),
);

describeSandboxed('the guide', () => {
  test(
    '[WRK-6] works as it is written, from nothing to a signed package',
    async () => {
      const place = temporaryPlace({});
      const printed: string[] = [];
      for (const { language, file, text } of blocks) {
        if (file !== undefined) writeFileSync(join(place.folder, '.cadre/workers/greeter', file), text);
        if (language !== 'sh') continue;
        for (const line of text.trim().split('\n')) {
          const argv = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
            ([, quoted, plain]) => quoted ?? plain ?? '',
          );
          expect(argv[0]).toBe('cadre');
          const { code, stdout, stderr } = await place.cadre(...argv.slice(1));
          expect({ line, code, stderr }).toMatchObject({ code: 0 });
          printed.push(stdout);
        }
      }
      expect(printed.join('')).toMatch(/"words": 6/);
      expect(printed.at(-1)).toMatch(/packed greeter 0\.2\.0: \d+ files/);
      expect(await place.cadre('worker', 'test', '.cadre/workers/greeter')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/greet: example 1/),
      });
      for (const permission of ['fs:write:.', 'shell:git'])
        await place.cadre('grant', 'add', 'greeter', permission);
      const called = await place.cadre('worker', 'call', 'greeter/greet', '--input', '{"people":["Ann"]}');
      expect(called).toMatchObject({ code: 0, stdout: expect.stringContaining('"by": "Test"') });
      // By way of another worker.
      expect(await place.cadre('worker', 'call', 'greeter/branch')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Hello, work, with changes!'),
      });
    },
    PATIENT,
  );
});
