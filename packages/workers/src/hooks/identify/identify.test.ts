import { expect, test } from 'vitest';
import { isText, tagsOf } from './identify.ts';

const tags = (path: string, mode = '100644', content = '') =>
  [...tagsOf(path, mode, () => Buffer.from(content))].sort();

test('names, modes and `#!` lines say what a file is', () => {
  expect(tags('a/b.py')).toEqual(['file', 'non-executable', 'python', 'text']);
  expect(tags('x.PNG')).toEqual(['binary', 'file', 'image', 'non-executable', 'png']);
  expect(tags('Dockerfile.build')).toEqual(['dockerfile', 'file', 'non-executable', 'text']);
  expect(tags('tool', '100755', '#!/usr/bin/env python3.11 -u\n')).toEqual([
    'executable',
    'file',
    'python',
    'python3',
    'text',
  ]);
  expect(tags('tool', '100755', '#!/usr/bin/env -S bash -e\n')).toContain('bash');
  expect(tags('tool', '100644', '#!/bin/sh\n')).not.toContain('shell');
  expect(tags('tool', '100755', 'echo\n')).toEqual(['executable', 'file', 'text']);
  expect(tags('link.py', '120000')).toEqual(['symlink']);
  expect(tags('module', '160000')).toEqual(['directory']);
  expect(tags('.hidden', '100644', 'x\0y')).toEqual(['binary', 'file', 'non-executable']);
});

test('text is told by its first kilobyte', () => {
  expect(isText(Buffer.from('grüße\t\x1b[0m\r\n'))).toBe(true);
  expect(isText(Buffer.from([0xe9, 0xff]))).toBe(true);
  expect(isText(Buffer.from('a\0'))).toBe(false);
  expect(isText(Buffer.concat([Buffer.alloc(1024, 'a'), Buffer.from([0])]))).toBe(true);
});
