import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cacheDir,
  configDir,
  configPath,
  dataDir,
  type FolderOptions,
  logDir,
  logPath,
  parseAppId,
  stateDir,
  tempDir,
} from './index.ts';

const around = (platform: NodeJS.Platform, env: Record<string, string> = {}): FolderOptions => ({
  platform,
  env,
  homedir: platform === 'win32' ? 'C:\\Users\\me' : '/home/me',
  tmpdir: '/tmp',
});

const all = (options: FolderOptions) =>
  [dataDir, configDir, cacheDir, stateDir, logDir, tempDir].map((folder) => folder('my-app', options));

describe('folders', () => {
  test('follow the rules of each system [FND-12]', () => {
    expect(all(around('linux'))).toEqual([
      '/home/me/.local/share/my-app',
      '/home/me/.config/my-app',
      '/home/me/.cache/my-app',
      '/home/me/.local/state/my-app',
      '/home/me/.local/state/my-app/logs',
      '/tmp/my-app',
    ]);
    expect(all(around('darwin'))).toEqual([
      '/home/me/Library/Application Support/my-app',
      '/home/me/Library/Preferences/my-app',
      '/home/me/Library/Caches/my-app',
      '/home/me/Library/Application Support/my-app/state',
      '/home/me/Library/Logs/my-app',
      '/tmp/my-app',
    ]);
    expect(dataDir('my-app', around('win32'))).toBe('C:\\Users\\me\\AppData\\Local\\my-app');
    expect(logDir('my-app', around('win32', { LOCALAPPDATA: 'D:\\Local' }))).toBe('D:\\Local\\my-app\\logs');
  });

  test('XDG variables count on Linux, relative ones do not [FND-12]', () => {
    const env = { XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: 'relative', XDG_STATE_HOME: '/state' };
    expect(dataDir('my-app', around('linux', env))).toBe('/data/my-app');
    expect(configDir('my-app', around('linux', env))).toBe('/home/me/.config/my-app');
    expect(logDir('my-app', around('linux', env))).toBe('/state/my-app/logs');
    expect(dataDir('my-app', around('darwin', env))).toBe('/home/me/Library/Application Support/my-app');
  });

  test("the application's own variable wins everywhere [FND-12]", () => {
    for (const platform of ['linux', 'darwin'] as const) {
      expect(all(around(platform, { MY_APP_HOME: '/own place', XDG_DATA_HOME: '/data' }))).toEqual(
        [
          '/own place/',
          '/own place/config',
          '/own place/cache',
          '/own place/state',
          '/own place/logs',
          '/own place/tmp',
        ].map((path) => path.replace(/\/$/, '')),
      );
    }
    expect(dataDir('my-app', around('win32', { MY_APP_HOME: 'E:\\own' }))).toBe('E:\\own');
    expect(dataDir('my-app', around('linux', { MY_APP_HOME: '' }))).toBe('/home/me/.local/share/my-app');
    expect(() => dataDir('my-app', around('linux', { MY_APP_HOME: 'here' }))).toThrow(
      expect.objectContaining({ code: 'invalid_value', hint: 'set MY_APP_HOME to an absolute path' }),
    );
  });

  test('a file is named plainly or refused [FND-15]', () => {
    expect(configPath('my-app', undefined, around('linux'))).toBe('/home/me/.config/my-app/config.json');
    expect(logPath('my-app', 'a b.log', around('linux'))).toBe('/home/me/.local/state/my-app/logs/a b.log');
    for (const file of ['', '.', '..', '../x', 'a/b', 'a\\b', '/etc/passwd', 'a\0b']) {
      expect(() => configPath('my-app', file, around('linux'))).toThrow(
        expect.objectContaining({ code: 'outside_root' }),
      );
    }
  });
});

describe('application ids', () => {
  test('are lower-cased, and refused with the corrected form [FND-13]', () => {
    expect(parseAppId('Cadre')).toBe('cadre');
    const corrections: Record<string, string> = {
      'my app': 'my-app',
      'a/b': 'a-b',
      '../up': 'up',
      'my.app': 'my-app',
      CON: 'con-app',
      lpt1: 'lpt1-app',
      саdre: 'cadre',
      Äpfel: 'apfel',
      '9lives': 'lives',
      '': 'app',
      '!!!': 'app',
      [`a${'b'.repeat(70)}`]: `a${'b'.repeat(62)}`,
    };
    for (const [text, corrected] of Object.entries(corrections)) {
      expect(() => parseAppId(text), text).toThrow(
        expect.objectContaining({ code: 'invalid_app_id', details: { corrected } }),
      );
    }
  });

  test('every correction is itself an id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        try {
          parseAppId(text);
        } catch (error) {
          const { corrected } = (error as { details: { corrected: string } }).details;
          expect(parseAppId(corrected)).toBe(corrected);
        }
      }),
    );
  });

  test('two spellings share one folder when the application says so [FND-13]', () => {
    const options = { ...around('linux'), aliases: { 'my-application': 'my-app' } };
    expect(dataDir('My-Application', options)).toBe(dataDir('my-app', options));
    expect(join(dataDir('other', options))).toBe('/home/me/.local/share/other');
  });
});
