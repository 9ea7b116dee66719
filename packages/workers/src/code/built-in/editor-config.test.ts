import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { openEditorConfig } from './editor-config.ts';

test('the nearest file wins, its later sections too, and the root ends the search', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(join(folder, '.editorconfig'), '[*]\nend_of_line = crlf\n');
  writeFileSync(
    join(folder, 'a/.editorconfig'),
    [
      '; comment',
      'root = TRUE',
      '[*]',
      'insert_final_newline = true # comment',
      'indent_style = tab',
      '[*.{js,ts}]',
      'indent_style: space',
      'indent_size=2',
      '[/b/**.md]',
      'trim_trailing_whitespace=false',
      'charset = utf-8-bom',
    ].join('\r\n'),
  );
  const settingsOf = await openEditorConfig(folder, ['a/b/x.md', 'a/y.ts', 'z.js']);

  expect(settingsOf('z.js')).toEqual({ endOfLine: 'crlf' });
  expect(settingsOf('a/y.ts')).toEqual({ finalNewline: true, indentStyle: 'space', indentSize: 2 });
  expect(settingsOf('a/b/x.md')).toEqual({
    finalNewline: true,
    indentStyle: 'tab',
    trimTrailing: false,
    byteOrderMark: true,
  });
});
