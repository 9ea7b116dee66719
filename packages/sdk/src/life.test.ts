import { expect, test } from 'vitest';
import { defineWorker } from './define-worker.ts';
import { ActionError } from './failure.ts';
import { runAction } from './testing.ts';

const workspace = import.meta.dirname;

test('[WRK-10] what a worker does at its beginning and end is done around an action that is tried', async () => {
  const called: string[] = [];
  const worker = defineWorker({
    id: 'living',
    init: ({ config, log }) => {
      log('info', 'beginning');
      called.push(`init ${config['name']}`);
    },
    start: () => void called.push('start'),
    stop: () => void called.push('stop'),
    dispose: () => void called.push('dispose'),
    actions: { tell: async () => ({ called: called.length }) },
  });
  const { outcome, messages } = await runAction(worker, 'tell', {}, { workspace, config: { name: 'x' } });
  expect(outcome).toEqual({ ok: true, output: { called: 2 } });
  expect(called).toEqual(['init x', 'start', 'stop', 'dispose']);
  expect(messages[0]).toEqual({ type: 'hook-log', hook: 'init', level: 'info', message: 'beginning' });
});

test('[WRK-10] of what failed to begin only the rest is put away, and the failure is that of the action', async () => {
  const called: string[] = [];
  const worker = defineWorker({
    id: 'living',
    init() {
      throw new ActionError('not_configured', 'there is no name');
    },
    start: () => void called.push('start'),
    stop: () => void called.push('stop'),
    dispose: () => void called.push('dispose'),
    actions: { tell: async () => ({}) },
  });
  const { outcome } = await runAction(worker, 'tell', {}, { workspace });
  expect(outcome).toMatchObject({ ok: false, failure: { code: 'not_configured' } });
  expect(called).toEqual(['dispose']);
});
