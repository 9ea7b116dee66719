import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cannotLimit } from '../../test/sandboxed.ts';
import { buildWorker } from '../../test/worker-fixture.ts';
import { temporaryPlace } from './testing/temporary-place.ts';

const PATIENT = 120_000;

function workflow(name: string, spec: string): string {
  return `apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n${spec}`;
}

function placeWith(name: string, spec: string) {
  return temporaryPlace({ [`.cadre/workflows/${name}.yaml`]: workflow(name, spec) });
}

async function shown(place: ReturnType<typeof temporaryPlace>, run = 'last') {
  const { stdout } = await place.cadre('show', run, '--json');
  return JSON.parse(stdout) as {
    status: string;
    failure?: { code: string; message: string; details: Record<string, unknown> };
    budget: { limits: Record<string, unknown>[]; totals: Record<string, unknown>[]; measuredBy?: string };
    steps: { step: string; status: string; failure?: { code: string; details: Record<string, unknown> } }[];
  };
}

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guide/workflows.md'), 'utf8');

test(
  '[WRK-37] [WRK-39] the guide: a step is stopped at its processor time with all its processes, and the report says so',
  async () => {
    const [, example = ''] = /## Budgets\n[\s\S]*?```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const place = temporaryPlace({ '.cadre/workflows/frugal.yaml': example });
    const planned = await place.cadre('plan', 'frugal');
    expect(planned.stdout).toMatch(/actions +run +20 +3/);
    expect(planned.stdout).toMatch(/cpu +search +1s +not known/);
    const ran = await place.cadre('run', 'frugal', '--yes');
    expect(ran).toMatchObject({ code: 0 });
    const { budget, steps } = await shown(place);
    expect(steps.find(({ step }) => step === 'search')).toMatchObject({
      status: 'failed',
      failure: { code: 'budget_exceeded', details: { limit: 'cpu', planned: 1_000 } },
    });
    const [search] = budget.limits.filter(({ scope }) => scope === 'search');
    expect(search).toMatchObject({ limit: 'cpu', planned: 1_000, at: 'search', over: expect.any(Number) });
    expect(budget.limits).toContainEqual({ scope: '', limit: 'actions', planned: 20, used: 3 });
    expect(budget.totals).toMatchObject([{ worker: 'shell', action: 'run', attempts: 3 }]);
    expect(budget.measuredBy).toMatch(/control group|processes/);
    const text = (await place.cadre('show', 'last')).stdout;
    expect(text).toMatch(/^cpu +search +1s /m);
    expect(text).toMatch(/^shell\/run +3 /m);
  },
  PATIENT,
);

test.skipIf(cannotLimit('memory'))(
  '[WRK-23] [WRK-37] a step that wants more memory than its budget gives it fails by that name',
  async () => {
    const place = placeWith(
      'hungry',
      '  permissions: ["shell:*"]\n  steps: [{ id: fill, run: head -c 600000000 /dev/zero | tail | wc -c, budget: { memory: 200MiB } }]',
    );
    expect(await place.cadre('run', 'hungry', '--yes')).toMatchObject({ code: 1 });
    const { failure } = await shown(place);
    expect(failure).toMatchObject({ code: 'budget_exceeded', details: { limit: 'memory', step: 'fill' } });
  },
  PATIENT,
);

test(
  '[WRK-37] what a worker tells of while it goes on is warned of, stops it, and is exact',
  async () => {
    const parts = JSON.stringify([
      { tokens: 900 },
      { money: '0.1 USD' },
      { money: '0.2 USD' },
      { tokens: 101 },
    ]);
    const place = placeWith(
      'talks',
      `  budget: { tokens: 1k, money: 0.3 USD }\n  steps: [{ id: spends, uses: thirsty/spend, with: { parts: ${parts}, hang: true } }]`,
    );
    await buildWorker('thirsty', join(place.folder, '.cadre/workers/thirsty'));
    const ran = await place.cadre('run', 'talks');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('the run has used 900 tokens of 1,000 tokens');
    const { failure, budget } = await shown(place);
    expect(failure).toMatchObject({
      code: 'budget_exceeded',
      message: "the run used 1,001 tokens, more than the 1,000 tokens of its budget, by the step 'spends'",
    });
    expect(budget.limits).toEqual([
      { scope: '', limit: 'tokens', planned: 1_000, used: 1_001, over: 1, at: 'spends' },
      { scope: '', limit: 'money', planned: '0.3 USD', used: '0.3 USD' },
    ]);
    expect(budget.totals).toMatchObject([
      { worker: 'thirsty', action: 'spend', attempts: 1, usage: { tokens: 1_001, money: { USD: '0.3' } } },
    ]);
  },
  PATIENT,
);

test(
  '[WRK-37] with an `ask` policy nothing more begins at four fifths before a person allows it',
  async () => {
    const parts = JSON.stringify([{ tokens: 850 }]);
    const place = placeWith(
      'asks',
      `  budget: { tokens: 1k }\n  steps:\n    - { id: spends, uses: thirsty/spend, with: { parts: ${parts} } }\n    - { id: more, uses: thirsty/spend, with: { parts: [] } }\n    - { id: last, uses: thirsty/spend, with: { parts: [] } }`,
    );
    place.write({ 'cadre.yaml': 'policy: { budget: ask }\n' });
    await buildWorker('thirsty', join(place.folder, '.cadre/workers/thirsty'));
    await place.cadre('run', 'asks');
    const waiting = await place.cadre('show', 'last');
    expect(waiting.stdout).toContain('the run has used 850 tokens of 1,000 tokens. Go on?');
    await place.cadre('answer', 'last', 'allow');
    await place.cadre('resume', 'last');
    expect((await shown(place)).status).toBe('succeeded');
  },
  PATIENT,
);

test('[WRK-37] check refuses what cannot be kept to and warns of what does nothing, each with its place', async () => {
  const place = placeWith(
    'odd',
    [
      '  permissions: ["shell:*"]',
      '  budget: { tokens: 1k, money: 2 USD, wall: 1m }',
      '  steps:',
      '    - { id: a, run: x, budget: { tokens: 2k, wall: 2m } }',
      '    - { id: b, run: x, budget: { money: 1 EUR } }',
      '    - { id: c, run: x, budget: { actions: 0 } }',
    ].join('\n'),
  );
  const checked = await place.cadre('check', 'odd', '--json');
  expect(checked.code).toBe(2);
  const [{ problems }] = JSON.parse(checked.stdout).checked as [
    { problems: { code: string; severity: string; position: { line: number } }[] },
  ];
  expect(problems.map(({ code, severity, position }) => `${position.line} ${severity} ${code}`)).toEqual([
    '8 warning budget_above',
    '8 warning budget_above',
    '9 error impossible_budget',
    '10 error impossible_budget',
  ]);
});

test('doctor says how processor time and memory are measured', async () => {
  const place = temporaryPlace({});
  const { stdout } = await place.cadre('doctor', '--json');
  const checks = JSON.parse(stdout).checks as { what: string; detail: string }[];
  expect(checks.find(({ what }) => what === 'budgets')?.detail).toMatch(
    /control groups|looking at processes|cannot/,
  );
});
