import { defineWorker } from '@cadre/sdk';
import { runAction } from '@cadre/sdk/testing';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { loadSyntaxFinder } from './sast/javascript-syntax.ts';
import { readSource } from './scan/read-source.ts';
import { scanCode } from './scan-code.ts';

test('[HYG-23] where the native parser cannot be loaded, that is told and scripts are searched by text', async () => {
  const { path } = temporaryRepository({ 'a.js': 'eval(input);\n' });
  const missing = () =>
    loadSyntaxFinder(() => Promise.reject(new Error('no native binding for this system')));
  const scanner = defineWorker({
    id: 'scanner',
    actions: {
      async scan(_input, context) {
        const { findings, skipped, covers } = await scanCode(context, {}, missing);
        const entry = {
          fingerprint: 'x',
          tool: 'cadre',
          rule: 'r',
          file: 'a.js',
          reason: 'r',
          author: 'a',
          added: '2026-01-01',
        };
        return {
          findings,
          skipped,
          covered: (['sast', 'secrets'] as const).map((kind) => covers({ ...entry, kind })),
        };
      },
    },
  });
  const { outcome } = await runAction(scanner, 'scan', {}, { workspace: path });
  expect(outcome).toMatchObject({
    ok: true,
    output: {
      findings: [{ rule: 'javascript-eval', confidence: 'low' }],
      skipped: [
        {
          tool: 'ast-grep',
          reason: 'tool_missing',
          message: expect.stringContaining('no native binding') as string,
        },
      ],
      covered: [false, true],
    },
  });
});

test('a file that goes while it is scanned is unreadable, not clean', async () => {
  const entry = { path: 'gone.js', kind: 'file', mode: 0o644, bytes: 1, modifiedMs: 0 } as const;
  expect(await readSource(temporaryFolder(), entry)).toBe('unreadable');
});
