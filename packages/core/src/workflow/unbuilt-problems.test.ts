import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { yaml } from './fixtures/plain.ts';
import { parseWorkflow } from './parse-workflow.ts';
import { unbuiltProblems } from './unbuilt-problems.ts';

function unbuilt(text: string) {
  const parsed = parseWorkflow(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return unbuiltProblems(parsed.workflow).map(({ message, path, position, code }) => {
    expect(code).toBe('not_built_yet');
    return `${position?.line} ${path}: ${message}`;
  });
}

test('what the language has and the engine has not is told by step and key, inside other steps too', () => {
  expect(unbuilt(readFileSync(join(import.meta.dirname, 'fixtures/hygiene.yaml'), 'utf8'))).toEqual([]);
  const steps = `- { id: a, workflow: x }
- { id: b, parallel: [ { id: c, bot: x, prompt: y }, { id: d, team: x, prompt: y, cache: { key: k, ttl: 1d } } ] }
- { id: e, run: x, onError: { recover: [ { id: f, plan: x } ], then: retry }, compensate: [ { id: g, wait: 1m } ] }
- { id: h, while: { if: true, max: 1 }, steps: [ { run: x } ] }
- { id: i, run: x, onError: escalate }
- { id: j, approval: { prompt: x, delegates: [ann] } }
- { id: k, run: x, class: cpu, priority: 5, budget: { wall: 1m } }`;
  expect(unbuilt(yaml(steps))).toEqual([
    '8 spec.steps[1].parallel[0].bot: `bot` of the step "c" is not built yet',
    '8 spec.steps[1].parallel[1].team: `team` of the step "d" is not built yet',
    '8 spec.steps[1].parallel[1].cache: `cache` of the step "d" is not built yet',
    '9 spec.steps[2].onError.recover[0].plan: `plan` of the step "f" is not built yet',
  ]);
});

test('a workflow of what is built has none', () => {
  expect(
    unbuilt(
      yaml(
        '- { run: x, onError: continue }\n- { approval: { prompt: x } }\n- { choose: [ { else: true, steps: [] } ] }',
      ),
    ),
  ).toEqual([]);
});
