import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AppOptions } from './app-options.ts';
import { mayNameStore } from './names-store.ts';

function optionsWith(text: string, env: Readonly<Record<string, string>> = {}): AppOptions {
  const root = mkdtempSync(join(tmpdir(), 'cadre-names-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  if (text !== '') writeFileSync(join(root, 'cadre.yaml'), text);
  return {
    place: { root, path: '.', name: 'x' },
    env: { CADRE_HOME: root, ...env },
    approver: { askPermission: async () => undefined },
    warn: () => undefined,
  };
}

test.each([
  ['no file', '', {}, false],
  ['a file about something else', 'hygiene: { coverage: 3 }\n', {}, false],
  ['a file that names a store', 'store: { url: secret:DATABASE }\n', {}, true],
  ['the same written so that it is not seen', '"\\x73tore": { url: secret:DATABASE }\n', {}, true],
  ['a variable', '', { CADRE_STORE__URL: 'postgres://x' }, true],
  ['the same variable in another spelling', '', { cadre_store__url: 'postgres://x' }, true],
])('%s', async (_, text, env, expected) => {
  expect(await mayNameStore(optionsWith(text, env))).toBe(expected);
});
