import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { isKitError, KitError } from '../error.ts';
import { tempDir } from '../files/temp-dir.ts';
import { type ConfigFault, faultLine, loadConfig } from './index.ts';

const schema = z.object({
  hygiene: z.object({
    profile: z.enum(['quick', 'standard', 'full']).default('standard').describe('Named preset'),
    jobs: z.int().min(1).max(64).default(8),
    requireBackup: z.boolean().default(false),
    coverage: z.number().min(0).max(100).default(85),
    exclude: z.array(z.string()).default([]),
    timeout: z.union([z.number(), z.string()]).default(0),
  }),
  log: z.object({ maxBytes: z.int().default(5), level: z.string().default('info') }),
  notify: z.object({ token: z.string().optional().meta({ secret: true }), url: z.string() }).optional(),
  env: z.record(z.string(), z.string()).default({}),
});

async function place(files: Record<string, string>) {
  const temporary = await tempDir('kit config');
  onTestFinished(() => temporary.remove());
  const root = temporary.path;
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const workspace = join(root, 'work space');
  await mkdir(workspace, { recursive: true });
  return {
    root,
    workspace,
    load: (
      more: {
        env?: Record<string, string>;
        options?: Record<string, unknown>;
        overrides?: Record<string, unknown>;
        strict?: boolean | string[];
        files?: { user?: string; workspace?: string };
      } = {},
    ) => loadConfig({ app: 'cadre', schema, workspace, ...more, env: { CADRE_HOME: root, ...more.env } }),
  };
}

async function refusal(work: Promise<unknown>): Promise<KitError> {
  try {
    await work;
  } catch (error) {
    if (isKitError(error)) return error;
    throw error;
  }
  throw new Error('was expected to be refused');
}

const faultsOf = (error: KitError) => (error.details as { faults: ConfigFault[] }).faults;

describe('loadConfig', () => {
  test('without any file or variable gives the defaults, sections included', async () => {
    const { load } = await place({});
    const config = await load();
    expect(config.value).toEqual({
      hygiene: { profile: 'standard', jobs: 8, requireBackup: false, coverage: 85, exclude: [], timeout: 0 },
      log: { maxBytes: 5, level: 'info' },
      env: {},
    });
    expect(config).toMatchObject({ warnings: [], files: [] });
  });

  test('each layer beats the weaker ones, key by key, in all three formats [FND-18]', async () => {
    for (const [ending, user, workspaceText] of [
      [
        'yaml',
        'hygiene: {jobs: 1, coverage: 1, profile: quick, timeout: 1}\nlog: {level: u}',
        'hygiene:\n  coverage: 2\n  profile: full\n  timeout: 2\n',
      ],
      [
        'toml',
        '[hygiene]\njobs=1\ncoverage=1\nprofile="quick"\ntimeout=1\n[log]\nlevel="u"',
        '[hygiene]\ncoverage = 2\nprofile = "full"\ntimeout = 2\n',
      ],
      [
        'json',
        '{"hygiene":{"jobs":1,"coverage":1,"profile":"quick","timeout":1},"log":{"level":"u"}}',
        '{"hygiene":{"coverage":2,"profile":"full","timeout":2}}',
      ],
    ] as const) {
      const { load, root, workspace } = await place({
        [`config/config.${ending}`]: user,
        [`work space/cadre.${ending}`]: workspaceText,
      });
      const config = await load({
        env: { CADRE_HYGIENE__PROFILE: 'standard', CADRE_HYGIENE__TIMEOUT: '3' },
        options: { hygiene: { timeout: 4 }, log: { maxBytes: 4 } },
        overrides: { log: { maxBytes: 6 } },
      });
      expect(config.value.hygiene).toMatchObject({ jobs: 1, coverage: 2, profile: 'standard', timeout: 4 });
      expect(config.value.log).toEqual({ level: 'u', maxBytes: 6 });
      expect(config.files).toEqual([
        join(root, `config/config.${ending}`),
        join(workspace, `cadre.${ending}`),
      ]);
    }
  });

  test('kebab, snake and camel case are the same key in files, options and variables [HYG-33]', async () => {
    for (const spelling of ['require-backup', 'require_backup', 'requireBackup']) {
      const { load } = await place({ 'work space/cadre.yaml': `hygiene:\n  ${spelling}: true\n` });
      expect((await load({ strict: true })).value.hygiene.requireBackup).toBe(true);
      const options = { hygiene: { [spelling]: false } };
      expect((await load({ strict: true, options })).value.hygiene.requireBackup).toBe(false);
    }
    const { load } = await place({});
    const config = await load({ env: { CADRE_HYGIENE__REQUIRE_BACKUP: 'on' } });
    expect(config.value.hygiene.requireBackup).toBe(true);
    const twice = await place({
      'work space/cadre.toml': '[hygiene]\nrequire-backup = true\nrequireBackup = false\n',
    });
    const [fault] = faultsOf(await refusal(twice.load()));
    expect(fault).toMatchObject({
      key: 'hygiene.requireBackup',
      origin: expect.stringMatching(/cadre\.toml:3$/),
    });
    expect(fault?.message).toContain('cadre.toml:2');
  });

  test('a flag can be switched on and off at each layer [HYG-33]', async () => {
    const { load } = await place({
      'config/config.yaml': 'hygiene: {require-backup: true}',
      'work space/cadre.yaml': 'hygiene: {require-backup: false}',
    });
    expect((await load()).value.hygiene.requireBackup).toBe(false);
    const env = { CADRE_HYGIENE__REQUIRE_BACKUP: 'true' };
    expect((await load({ env })).value.hygiene.requireBackup).toBe(true);
    const options = { hygiene: { requireBackup: false } };
    expect((await load({ env, options })).value.hygiene.requireBackup).toBe(false);
  });

  test('two files of one layer are ambiguous [FND-18]', async () => {
    const { load } = await place({ 'work space/cadre.yaml': '', 'work space/cadre.json': '{}' });
    const error = await refusal(load());
    expect(error).toMatchObject({ code: 'config_ambiguous' });
    expect(error.message).toMatch(/cadre\.yaml.*cadre\.json/);
    const user = await place({ 'config/config.toml': '', 'config/config.yml': '' });
    expect(await refusal(user.load())).toMatchObject({ code: 'config_ambiguous' });
  });

  test('a file that cannot be parsed is named with line and column and left as it is', async () => {
    const cases: [string, string, number, number][] = [
      ['yaml', 'a: 1\nb: [1, 2\n', 3, 1],
      ['yaml', 'log:\n  level: x\n  level: y\n', 3, 3],
      ['yaml', '- a\n- b\n', 1, 1],
      ['toml', 'a = 1\nb = \n', 2, 5],
      ['toml', '[a]\nx = 1\nx = 2\n', 3, 1],
      ['json', '{\n  "a": 1\n  "b": 2\n}', 3, 3],
      ['json', '{\n  "a": nope\n}', 2, 9],
      ['json', '{"a": [1,,2], "and": "a text that is longer than what the platform shows"}', 1, 10],
      ['json', '{\n  "a": 1', 2, 9],
      ['json', '[]', 1, 1],
    ];
    for (const [ending, text, line, column] of cases) {
      const { load, workspace } = await place({ [`work space/cadre.${ending}`]: text });
      const file = join(workspace, `cadre.${ending}`);
      const error = await refusal(load());
      expect({ code: error.code, ...(error.details as object) }, text).toMatchObject({
        code: 'config_corrupt',
        path: file,
        line,
      });
      expect((error.details as { column: number }).column, `${text}: ${error.message}`).toBe(column);
      expect(error.message).toContain(`${file}:${line}:${column}: `);
      expect(await readFile(file, 'utf8')).toBe(text);
    }
    const binary = await place({});
    await writeFile(join(binary.workspace, 'cadre.yaml'), Buffer.from([0x61, 0xff]));
    expect(await refusal(binary.load())).toMatchObject({ code: 'invalid_text' });
  });

  test('a bomb of YAML aliases is a corrupt file', async () => {
    const lines = Array.from(
      { length: 12 },
      (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]`,
    );
    const { load } = await place({ 'work space/cadre.yaml': ['a0: &a0 [x]', ...lines].join('\n') });
    expect(await refusal(load())).toMatchObject({ code: 'config_corrupt' });
  });

  test('all invalid values are listed at once, each with its origin [FND-20]', async () => {
    const { load, workspace } = await place({
      'work space/cadre.yaml': '# c\nhygiene:\n  jobs: many\n  coverage: 120\nlog: 5\n',
    });
    const error = await refusal(
      load({
        env: { CADRE_HYGIENE__PROFILE: 'fast', CADRE_LOG__MAX_BYTES: '5MB' },
        options: { env: { A: 1 } },
      }),
    );
    expect(error.code).toBe('config_invalid');
    const file = join(workspace, 'cadre.yaml');
    const origins = Object.fromEntries(faultsOf(error).map(({ key, origin }) => [key, origin]));
    expect(origins).toEqual({
      'hygiene.jobs': `${file}:3`,
      'hygiene.coverage': `${file}:4`,
      log: `${file}:5`,
      'hygiene.profile': 'CADRE_HYGIENE__PROFILE',
      'log.maxBytes': 'CADRE_LOG__MAX_BYTES',
      'env.A': 'option',
    });
    for (const fault of faultsOf(error)) expect(error.message).toContain(faultLine(fault));
  });

  test('lines are right in TOML and JSON too', async () => {
    const toml = await place({
      'work space/cadre.toml':
        'x-list = [ # two lines\n  "a = 1",\n]\n\n[hygiene] # here\n  exclude = """\nno list\n"""\n  jobs = "x"\n',
    });
    const found = faultsOf(await refusal(toml.load({ strict: true })));
    expect(found.map(({ key, origin }) => [key, origin.split(':').at(-1)])).toEqual(
      [
        ['xList', '1'],
        ['hygiene.jobs', '9'],
        ['hygiene.exclude', '6'],
      ].map(([key, line]) => [key === 'xList' ? 'x-list' : key, line]),
    );
    const json = await place({ 'work space/cadre.json': '{\n "hygiene": {\n  "jobs": "x"\n }\n}' });
    expect(faultsOf(await refusal(json.load()))[0]?.origin).toMatch(/:3$/);
  });

  test('unknown keys are warnings with the nearest key, or faults where that is wished [FND-21] [HYG-33]', async () => {
    const { load, workspace } = await place({
      'work space/cadre.yaml': 'hygiene:\n  covrage: 3\nlgo: {level: x}\n__proto__: {polluted: 1}\n',
    });
    const config = await load();
    expect(config.warnings).toEqual([
      {
        key: 'hygiene.covrage',
        message: 'there is no such setting',
        origin: `${join(workspace, 'cadre.yaml')}:2`,
        suggestion: 'did you mean coverage?',
      },
      {
        key: 'lgo',
        message: 'there is no such setting',
        origin: `${join(workspace, 'cadre.yaml')}:3`,
        suggestion: 'did you mean log?',
      },
      {
        key: '__proto__',
        message: 'there is no such setting',
        origin: `${join(workspace, 'cadre.yaml')}:4`,
        suggestion: undefined,
      },
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(faultsOf(await refusal(load({ strict: true })))).toHaveLength(3);
    expect(faultsOf(await refusal(load({ strict: ['hygiene'] }))).map(({ key }) => key)).toEqual([
      'hygiene.covrage',
    ]);
  });

  test('variables are converted by the type of the setting [FND-20]', async () => {
    const { load } = await place({});
    const config = await load({
      env: {
        CADRE_HYGIENE__JOBS: '3',
        CADRE_HYGIENE__EXCLUDE: 'a b, c',
        CADRE_HYGIENE__TIMEOUT: '10m',
        CADRE_ENV: '{"A": "1"}',
        CADRE_LOG: '{"max-bytes": 7}',
        CADRE_LOG__LEVEL: '123',
      },
    });
    expect(config.value).toMatchObject({
      hygiene: { jobs: 3, exclude: ['a b', 'c'], timeout: '10m' },
      env: { A: '1' },
      log: { maxBytes: 7, level: '123' },
    });
    expect((await load({ env: { CADRE_HYGIENE__EXCLUDE: '["x, y"]' } })).value.hygiene.exclude).toEqual([
      'x, y',
    ]);
    expect((await load({ env: { CADRE_HYGIENE__TIMEOUT: '10' } })).value.hygiene.timeout).toBe(10);
  });

  test('an unknown variable with the prefix is a warning with a suggestion [FND-20]', async () => {
    const { load } = await place({});
    const { warnings } = await load({ env: { CADRE_HYGIENE__JOB: '3', CADRE_ZZTOP: 'x', OTHER_X: '1' } });
    expect(warnings).toEqual([
      expect.objectContaining({
        origin: 'CADRE_HYGIENE__JOB',
        suggestion: 'did you mean CADRE_HYGIENE__JOBS?',
      }),
      expect.objectContaining({ origin: 'CADRE_ZZTOP', suggestion: undefined }),
    ]);
  });

  test('a secret in clear in a file is refused and not repeated [FND-21]', async () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    for (const text of [
      'notify: {url: x, token: hunter2hunter2}',
      `hygiene:\n  exclude:\n    - ${token}\n`,
      `anything: {deep: [{er: "${token}"}]}`,
    ]) {
      const { load } = await place({ 'work space/cadre.yaml': text });
      const error = await refusal(load());
      expect(error.code).toBe('secret_in_config');
      expect(`${error.message} ${JSON.stringify(error.details)}`).not.toMatch(/hunter2|ghp_/);
    }
    const { load } = await place({
      'work space/cadre.yaml': 'notify: {url: x, token: "secret:NOTIFY_TOKEN"}',
    });
    expect((await load()).value.notify?.token).toBe('secret:NOTIFY_TOKEN');
  });

  test('explain lists every layer with its origin and the one that won [FND-23] [HYG-33]', async () => {
    const { load, root, workspace } = await place({
      'config/config.toml': '[hygiene]\nprofile = "quick"\n[notify]\nurl = "u"\ntoken = "secret:T"\n',
      'work space/cadre.yaml': '\nhygiene:\n  profile: full\n',
    });
    const config = await load({ env: { CADRE_HYGIENE__PROFILE: 'standard', CADRE_NOTIFY__TOKEN: 'clear' } });
    expect(config.explain('hygiene.profile')).toEqual({
      key: 'hygiene.profile',
      value: 'standard',
      description: 'Named preset',
      default: 'standard',
      layers: [
        {
          layer: 'user',
          key: 'hygiene.profile',
          value: 'quick',
          origin: `${join(root, 'config/config.toml')}:2`,
          wins: false,
        },
        {
          layer: 'workspace',
          key: 'hygiene.profile',
          value: 'full',
          origin: `${join(workspace, 'cadre.yaml')}:3`,
          wins: false,
        },
        {
          layer: 'environment',
          key: 'hygiene.profile',
          value: 'standard',
          origin: 'CADRE_HYGIENE__PROFILE',
          wins: true,
        },
      ],
    });
    expect(config.explain('notify.token')).toMatchObject({
      value: '(secret)',
      layers: [
        { value: 'secret:T', wins: false },
        { value: '(secret)', wins: true },
      ],
    });
    expect(config.explain('log.max-bytes')).toMatchObject({
      key: 'log.maxBytes',
      value: 5,
      default: 5,
      layers: [],
    });
    expect(config.explain('hygiene').layers).toHaveLength(3);
    expect(() => config.explain('hygiene.profil')).toThrow(
      expect.objectContaining({ code: 'invalid_value', hint: 'did you mean hygiene.profile?' }),
    );
    expect(config.keys()).toContain('hygiene.requireBackup');
  });

  test('a file that is named must exist and is read instead of the usual one', async () => {
    const { load, root } = await place({
      'work space/cadre.yaml': 'log: {level: a}',
      'other.toml': '[log]\nlevel = "b"',
    });
    expect((await load({ files: { workspace: join(root, 'other.toml') } })).value.log.level).toBe('b');
    expect(await refusal(load({ files: { workspace: join(root, 'no.toml') } }))).toMatchObject({
      code: 'not_found',
    });
    expect(await refusal(load({ files: { user: join(root, 'no.ini') } }))).toBeInstanceOf(KitError);
  });

  test('an empty file and a section without keys set nothing', async () => {
    const { load } = await place({
      'config/config.json': '',
      'work space/cadre.yaml': 'hygiene:\n  # jobs: 3\n',
    });
    expect((await load()).value.hygiene.jobs).toBe(8);
  });
});
