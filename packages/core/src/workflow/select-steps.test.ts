import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkWorkflow } from './check-workflow.ts';
import { defineWorkflow } from './define-workflow.ts';
import { type Selection, selectSteps } from './select-steps.ts';

const workflow = defineWorkflow({
  apiVersion: 'cadre/v1',
  kind: 'Workflow',
  metadata: { name: 'hygiene' },
  spec: {
    steps: [
      { id: 'backup', run: 'x', aliases: ['step4'] },
      { id: 'format', run: 'x', aliases: ['step2', 'reformat'] },
      { id: 'lint', run: 'x', aliases: ['step2', 'test'] },
      { id: 'test', run: 'x', aliases: ['step2.5'] },
      { id: 'scan', parallel: [{ id: 'code', run: 'x' }] },
      {
        id: 'commit',
        run: 'x',
        if: "${{ steps.format.status == 'succeeded' && steps.test.status != 'failed' }}",
      },
    ],
    outputs: { commit: '${{ steps.commit.output.stdout }}' },
  },
});

/** Ids in order; those that never run in brackets. */
const shown = (selection: Selection) =>
  selectSteps(workflow, selection)
    .workflow.steps.map(({ id, if: condition }) => (condition === '${{ false }}' ? `(${id})` : id))
    .join(' ');

const problems = (selection: Selection) => selectSteps(workflow, selection).problems;

describe('selecting steps', () => {
  test.each([
    [{}, 'backup format lint test scan commit'],
    [{ steps: ['format'] }, '(backup) format (lint) (test) (scan) (commit)'],
    [{ steps: ['step2'] }, '(backup) format lint (test) (scan) (commit)'],
    [{ steps: ['test'] }, '(backup) (format) (lint) test (scan) (commit)'],
    [{ steps: ['test', 'format'] }, '(backup) (lint) (scan) (commit) test format'],
    [
      { steps: ['format', 'test', 'format', 'step2'] },
      '(backup) (scan) (commit) format test format-2 format-3 lint',
    ],
    [{ skip: ['step2', 'scan'] }, 'backup (format) (lint) test (scan) commit'],
    [{ from: 'test' }, '(backup) (format) (lint) test scan commit'],
    [{ from: 'step2', skip: ['lint'] }, '(backup) format (lint) test scan commit'],
    [{ steps: ['test', 'format', 'commit'], from: 'format' }, '(backup) format (lint) (test) (scan) commit'],
    [{ steps: [] }, '(backup) (format) (lint) (test) (scan) (commit)'],
  ])('%j', (selection, expected) => {
    expect(shown(selection)).toBe(expected);
    expect(problems(selection)).toEqual([]);
  });

  test('what reads an unselected step still finds it, skipped', () => {
    const { workflow: selected } = selectSteps(workflow, { steps: ['commit', 'backup'] });
    expect(checkWorkflow(selected).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('[HYG-6] any order may be asked for: what a step reads too early is there and was never done', () => {
    const { workflow: selected, problems } = selectSteps(workflow, { steps: ['commit', 'format', 'format'] });
    expect(shown({ steps: ['commit', 'format', 'format'] })).toBe(
      '(backup) (format) (lint) (test) (scan) commit format-2 format-3',
    );
    expect(checkWorkflow(selected).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(problems).toMatchObject([
      { severity: 'warning', code: 'read_too_early', suggestion: 'do "format" first' },
    ]);
  });

  test('[HYG-6] a step before the check that would hold it is a warning; a repeated check holds what follows', () => {
    const held = defineWorkflow({
      apiVersion: 'cadre/v1',
      kind: 'Workflow',
      metadata: { name: 'held' },
      spec: {
        steps: [
          { id: 'test', run: 'x' },
          { id: 'commit', run: 'x', heldBy: ['test'] },
        ],
      },
    });
    const select = (...steps: string[]) => selectSteps(held, { steps }).workflow;
    const warnings = (...steps: string[]) =>
      checkWorkflow(select(...steps)).filter(({ code }) => code !== 'unreachable');
    expect(warnings('commit', 'test')).toMatchObject([
      {
        severity: 'warning',
        code: 'held_too_late',
        message: 'the step "commit" comes before "test", which therefore cannot hold it',
      },
    ]);
    expect(warnings('test', 'commit')).toEqual([]);
    expect(warnings('commit')).toEqual([]);
    expect(select('test', 'test', 'commit').steps.at(-1)?.heldBy).toEqual(['test', 'test-2']);
  });

  test.each([
    [{ steps: ['fromat'] }, 'there is no step "fromat"', 'did you mean "format"?'],
    [
      { skip: ['nothing'] },
      'there is no step "nothing"',
      'the steps are backup, format, lint, test, scan, commit',
    ],
    [{ from: 'tests' }, 'there is no step "tests"', 'did you mean "test"?'],
    [{ steps: ['format'], from: 'lint' }, '"lint" is not among the selected steps', 'they are format'],
    [
      { steps: ['scan', 'scan'] },
      'the step "scan" holds other steps, so it cannot be done twice',
      'name it once',
    ],
  ])('%j is refused', (selection, message, suggestion) => {
    expect(problems(selection)).toMatchObject([{ severity: 'error', message, suggestion }]);
    expect(selectSteps(workflow, selection).workflow).toBe(workflow);
  });

  test('ids stay unique and nothing is lost, whatever is selected', () => {
    const name = fc.constantFrom(
      'backup',
      'format',
      'lint',
      'test',
      'commit',
      'step2',
      'step2.5',
      'reformat',
    );
    fc.assert(
      fc.property(fc.array(name), fc.array(name), (steps, skip) => {
        const { workflow: selected } = selectSteps(workflow, { steps, skip });
        const ids = selected.steps.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { id } of workflow.steps) expect(ids).toContain(id);
      }),
    );
  });
});
