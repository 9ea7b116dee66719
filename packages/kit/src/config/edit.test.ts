import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { tempDir } from '../files/temp-dir.ts';
import { setConfig, unsetConfig } from './index.ts';
import { parseConfig } from './parse-file.ts';

const schema = z.object({
  hygiene: z.object({
    jobs: z.int().max(64),
    requireBackup: z.boolean(),
    name: z.string(),
    list: z.array(z.string()),
  }),
  notify: z.object({ token: z.string().meta({ secret: true }) }),
});

async function file(name: string, text?: string) {
  const temporary = await tempDir('kit edit');
  onTestFinished(() => temporary.remove());
  const path = join(temporary.path, name);
  if (text !== undefined) await writeFile(path, text);
  return { path, text: () => readFile(path, 'utf8') };
}

const YAML = `# my settings

hygiene:            # the steps
    require-backup: false   # off for now
    jobs:   3

    # a list
    list:
    - 'a'
    - "b"
other: {x: 1,   y: "2"}
`;

const TOML = `# my settings
title = "x" # keep

# about hygiene
[hygiene] # the steps
  require-backup = false   # off for now
jobs=3
list = [
  "a", # first
  "b",
]

[[servers]]
name = "one # not a comment"

[other.deep]
x = { y = 1 }
`;

describe('editing YAML', () => {
  test('changes one value and no other byte', async () => {
    const at = await file('cadre.yaml', YAML);
    const change = await setConfig(at.path, 'hygiene.requireBackup', 'yes', { schema });
    expect(change).toEqual({ key: 'hygiene.require-backup', old: false, new: true, file: at.path });
    expect(await at.text()).toBe(YAML.replace('false', 'true'));
    await setConfig(at.path, 'other.y', 'a, b');
    expect(await at.text()).toBe(YAML.replace('false', 'true').replace('"2"', '"a, b"'));
  });

  test('adds and removes keys, with comments and order kept', async () => {
    const at = await file('cadre.yaml', YAML);
    await setConfig(at.path, 'hygiene.name', 'new', { schema });
    await setConfig(at.path, 'hygiene.list', ['c'], { schema });
    await setConfig(at.path, 'notify.token', 'secret:T', { schema });
    await unsetConfig(at.path, 'other.x');
    const text = await at.text();
    expect(parseConfig(at.path, text).data).toEqual({
      hygiene: { 'require-backup': false, jobs: 3, list: ['c'], name: 'new' },
      other: { y: '2' },
      notify: { token: 'secret:T' },
    });
    for (const comment of ['# my settings', '# the steps', '# off for now', '# a list'])
      expect(text).toContain(comment);
    expect(text).toMatch(/^ {4}require-backup/m);
  });

  test('fills sections that hold only comments, and files that are not there yet', async () => {
    const commented = await file('cadre.yaml', '# c\nhygiene:\n  # jobs: 4\n');
    await setConfig(commented.path, 'hygiene.jobs', 5, { schema });
    expect(parseConfig('x.yaml', await commented.text()).data).toEqual({ hygiene: { jobs: 5 } });
    expect(await commented.text()).toContain('# c\n');
    for (const name of ['new.yaml', 'new.toml', 'new.json']) {
      const at = await file(name);
      await setConfig(at.path, 'hygiene.jobs', '5', { schema });
      expect(parseConfig(name, await at.text()).data).toEqual({ hygiene: { jobs: 5 } });
    }
  });

  test('keeps Windows line ends', async () => {
    const at = await file('cadre.yaml', 'a: 1\r\nb:\r\n  c: 2\r\n');
    await setConfig(at.path, 'b.d', 3);
    expect(await at.text()).toBe('a: 1\r\nb:\r\n  c: 2\r\n  d: 3\r\n');
  });
});

describe('editing TOML', () => {
  test('changes one line and no other byte', async () => {
    const at = await file('cadre.toml', TOML);
    await setConfig(at.path, 'hygiene.requireBackup', 'on', { schema });
    expect(await at.text()).toBe(TOML.replace('false', 'true'));
    await setConfig(at.path, 'hygiene.jobs', 4, { schema });
    await setConfig(at.path, 'title', 'a # b');
    expect(await at.text()).toBe(
      TOML.replace('false', 'true').replace('jobs=3', 'jobs = 4').replace('"x" #', '"a # b" #'),
    );
  });

  test('adds keys to their table or a new one, replaces lists, removes whole statements', async () => {
    const at = await file('cadre.toml', TOML);
    await setConfig(at.path, 'hygiene.name', 'n', { schema });
    await setConfig(at.path, 'top', 1);
    await setConfig(at.path, 'notify.token', 'secret:T', { schema });
    await unsetConfig(at.path, 'hygiene.list', { schema });
    await unsetConfig(at.path, 'hygiene.nothing');
    expect(await at.text()).toBe(
      `${TOML.replace('title = "x" # keep\n', 'title = "x" # keep\ntop = 1\n').replace(/list = [\s\S]*?\]\n/, 'name = "n"\n')}
[notify]
token = "secret:T"
`,
    );
  });

  test('puts a first top-level key above the comments of the first table', async () => {
    const at = await file('cadre.toml', '# file\n\n# about a\n[a]\nx = 1\n');
    await setConfig(at.path, 'first', true);
    expect(await at.text()).toBe('# file\n\nfirst = true\n# about a\n[a]\nx = 1\n');
  });

  test('refuses what cannot be edited line by line and leaves the file as it is', async () => {
    const at = await file('cadre.toml', TOML);
    for (const [key, value] of [
      ['other.deep.x.y', 2],
      ['servers.name', 'x'],
      ['hygiene', { jobs: 1 }],
      ['title', null],
      ['title.sub', 1],
    ] as const) {
      await expect(setConfig(at.path, key, value), key).rejects.toMatchObject({ code: 'not_editable' });
    }
    await expect(unsetConfig(at.path, 'hygiene')).rejects.toMatchObject({ code: 'not_editable' });
    expect(await at.text()).toBe(TOML);
  });
});

test('JSON keeps its order and indentation', async () => {
  const at = await file('cadre.json', '{\n\t"b": 1,\n\t"a": {"c": 2}\n}');
  await setConfig(at.path, 'b', 3);
  await unsetConfig(at.path, ['a', 'c']);
  expect(await at.text()).toBe('{\n\t"b": 3,\n\t"a": {}\n}');
});

test('a value that the schema refuses, an unknown key and a clear secret change nothing [FND-21]', async () => {
  for (const [name, text] of [
    ['cadre.yaml', YAML],
    ['cadre.toml', TOML],
  ] as const) {
    const at = await file(name, text);
    const set = (key: string, value: unknown) => setConfig(at.path, key, value, { schema });
    await expect(set('hygiene.jobs', 'x')).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(set('hygiene.jobs', 100)).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(set('hygiene.job', 1)).rejects.toMatchObject({ hint: 'did you mean hygiene.jobs?' });
    await expect(set('notify.token', 'clear')).rejects.toMatchObject({ code: 'secret_in_config' });
    expect(await at.text()).toBe(text);
  }
  const corrupt = await file('cadre.json', '{');
  await expect(setConfig(corrupt.path, 'a', 1)).rejects.toMatchObject({ code: 'config_corrupt' });
  expect(await corrupt.text()).toBe('{');
});

test('many changes at once are all made', async () => {
  const at = await file('cadre.yaml', 'a: 1\n');
  await Promise.all(Array.from({ length: 12 }, (_, index) => setConfig(at.path, `k${index}`, index)));
  expect(Object.keys(parseConfig('x.yaml', await at.text()).data)).toHaveLength(13);
});

test('whatever value is set, it is read back and nothing else changes', async () => {
  const at = await file('any.txt', '');
  await mkdir(join(at.path, '..', 'sub'));
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('cadre.yaml', 'cadre.toml'), value, async (name, wanted) => {
      const path = join(at.path, '..', 'sub', name);
      const text = name.endsWith('toml') ? TOML : YAML;
      await writeFile(path, text);
      await setConfig(path, 'hygiene.jobs', wanted);
      const { data } = parseConfig(path, await readFile(path, 'utf8'));
      const before = parseConfig(path, text).data as { hygiene: object };
      expect(structuredClone(data)).toEqual(
        structuredClone({ ...before, hygiene: { ...before.hygiene, jobs: wanted } }),
      );
    }),
    { numRuns: 60 },
  );
});
