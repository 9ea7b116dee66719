import { describe, expect, test } from 'vitest';
import { toolchainsOf } from './toolchains.ts';

const present =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);

describe('language tools in the home folder', () => {
  test('only those that are there are shown, and never the files with credentials', () => {
    const found = toolchainsOf('/home/ann', {}, present('/home/ann/.cargo', '/home/ann/.local/bin'));
    expect(found.folders).toEqual([
      '/home/ann/.cargo/bin',
      '/home/ann/.cargo/registry',
      '/home/ann/.cargo/git',
      '/home/ann/.cargo/env',
      '/home/ann/.local/bin',
    ]);
    expect(found.env).toEqual({ CARGO_HOME: '/home/ann/.cargo' });
  });

  test('one that was moved is found where its variable says', () => {
    const environment = {
      RUSTUP_HOME: '/srv/rustup',
      JAVA_HOME: '/usr/lib/jvm/x',
      AWS_SECRET_ACCESS_KEY: 'x',
    };
    const found = toolchainsOf('/home/ann', environment, present('/srv/rustup'));
    expect(found).toEqual({
      folders: ['/srv/rustup'],
      env: { RUSTUP_HOME: '/srv/rustup', JAVA_HOME: '/usr/lib/jvm/x' },
    });
  });
});
