import { expect, test } from 'vitest';
import { sourceOf } from '../scan/source.ts';
import { findWorkflowFlaws } from './find-workflow-flaws.ts';
import { WORKFLOW_RULES } from './workflow-rules.ts';

const FILE = '.github/workflows/ci.yml';

function flawsIn(text: string): string[] {
  const source = sourceOf(FILE, text);
  return findWorkflowFlaws(source, WORKFLOW_RULES).map(
    ({ rule, index }) => `${source.lines.position(index).line} ${rule.id}`,
  );
}

const steps = (...lines: readonly string[]) =>
  `on: push\njobs:\n  a:\n    steps:\n${lines.map((line) => `      - ${line}\n`).join('')}`;

test('[HYG-23] an action from a branch is found, one at a tag or a commit is not', () => {
  expect(
    flawsIn(
      steps(
        'uses: actions/checkout@v4',
        'uses: actions/checkout@main',
        `uses: a/b@${'0123456789'.repeat(4)}`,
        'uses: a/b/c@release/v1',
        'uses: a/b@1.2.3-beta',
        'uses: a/b',
        'uses: ./local',
        'uses: docker://alpine:latest',
        'uses: docker://alpine:3.20',
        'uses: docker://alpine',
        "uses: '${{ matrix.action }}'",
      ),
    ),
  ).toEqual([
    '6 workflow-unpinned-action',
    '10 workflow-unpinned-action',
    '12 workflow-unpinned-action',
    '14 workflow-unpinned-action',
  ]);
});

const checkout = (on: string, reference: string) =>
  `${on}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${reference}\n`;

test.each([
  'on: pull_request_target',
  'on: [push, pull_request_target]',
  'on:\n  pull_request_target:\n    types: [opened]',
  "'on': workflow_run",
])('[HYG-23] the head of a pull request checked out under %j is found', (on) => {
  const line = on.split('\n').length + 6;
  expect(flawsIn(checkout(on, '${{ github.event.pull_request.head.sha }}'))).toEqual([
    `${line} workflow-foreign-checkout`,
  ]);
  expect(flawsIn(checkout(on, '${{ github.head_ref }}'))).toEqual([`${line} workflow-foreign-checkout`]);
  expect(flawsIn(checkout(on, '${{ github.event.pull_request.base.sha }}'))).toEqual([]);
  expect(flawsIn(checkout(on, 'main'))).toEqual([]);
});

test('the same checkout without the rights of the repository is fine', () => {
  expect(flawsIn(checkout('on: pull_request', '${{ github.event.pull_request.head.sha }}'))).toEqual([]);
});

test('[HYG-23] words of strangers in a script are found, in its environment they are not', () => {
  expect(flawsIn(steps('run: echo "${{ github.event.issue.title }}"'))).toEqual([
    '5 workflow-script-injection',
  ]);
  expect(flawsIn(steps('run: git checkout ${{github.head_ref}}'))).toEqual(['5 workflow-script-injection']);
  expect(flawsIn(steps('run: echo ${{ github.event.commits[0].message }}'))).toEqual([
    '5 workflow-script-injection',
  ]);
  expect(
    flawsIn(
      steps(
        'env: { TITLE: "${{ github.event.issue.title }}" }',
        'run: echo ${{ github.event.pull_request.number }} ${{ github.event.pull_request.base.ref }} ${{ github.sha }}',
      ),
    ),
  ).toEqual([]);
});

test('a token that may write everything is found', () => {
  expect(flawsIn('on: push\npermissions: write-all\n')).toEqual(['2 workflow-broad-token']);
  expect(flawsIn('on: push\npermissions: read-all\n')).toEqual([]);
});

test.each([
  '',
  '- a',
  'on: {',
  '\t',
  'a: &a [*a]',
  'x: *unknown',
  '{'.repeat(50),
])('%j is no workflow and no crash', (text) => {
  expect(flawsIn(text)).toEqual([]);
});
