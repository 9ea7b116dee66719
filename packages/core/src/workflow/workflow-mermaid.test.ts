import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineWorkflow } from './define-workflow.ts';
import { yaml } from './fixtures/plain.ts';
import { parseWorkflow } from './parse-workflow.ts';
import type { Workflow } from './workflow.ts';
import { workflowMermaid } from './workflow-mermaid.ts';

function parsed(text: string): Workflow {
  const result = parseWorkflow(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.workflow;
}

const NODE = String.raw`n\d+`;
const LABEL = String.raw`"(?:[\p{L}\p{N} _.,:/()@+=…-]|#\d+;)*"`;
const LINES = [
  'flowchart TD',
  'end',
  `subgraph ${NODE}\\[${LABEL}\\]`,
  `${NODE}\\[${LABEL}\\]`,
  `${NODE}\\{\\{${LABEL}\\}\\}`,
  `${NODE}\\(${LABEL}\\)`,
  `${NODE} --> ${NODE}`,
  'classDef \\w+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}',
  `class ${NODE}(?:,${NODE})* \\w+`,
];

/** That a drawing has only lines of the flowchart grammar, with boxes that close and arrows between nodes that exist. */
function expectValid(drawing: string): void {
  const lines = drawing
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
  const grammar = new RegExp(`^(?:${LINES.join('|')})$`, 'u');
  expect(lines.filter((line) => !grammar.test(line))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('subgraph ')).length).toBe(
    lines.filter((line) => line === 'end').length,
  );
  const defined = lines.flatMap((line) => /^(?:subgraph )?(n\d+)[[({]/.exec(line)?.[1] ?? []);
  expect(new Set(defined).size).toBe(defined.length);
  const used = lines.filter((line) => line.includes('-->')).flatMap((line) => line.split(' --> '));
  expect(used.filter((node) => !defined.includes(node))).toEqual([]);
}

test('steps are nodes, order is arrows, and what holds steps is a box around them [WRK-29]', () => {
  const workflow = parsed(
    yaml(
      `- { id: a, run: x, name: First }
- { id: b, parallel: [ { id: c, run: x }, { id: end, run: x } ] }
- { id: d, forEach: [1], steps: [ { id: e, check: [true] }, { id: f, approval: { prompt: go } } ] }
- { id: g, choose: [ { if: "\${{ inputs.n > 1 }}", steps: [ { id: h, run: x } ] }, { else: true, steps: [ { id: i, run: x } ] } ] }
- { id: j, run: x, onError: { recover: [ { id: k, run: x } ], then: retry } }`,
      'finally: [ { id: l, run: x } ]',
    ),
  );
  const drawing = workflowMermaid(workflow);
  expectValid(drawing);
  expect(drawing).toBe(`flowchart TD
  n1["First"]
  subgraph n2["b"]
    n3["c"]
    n4["end"]
  end
  subgraph n5["d"]
    n6{{"e"}}
    n7("f")
    n6 --> n7
  end
  subgraph n8["g"]
    subgraph n9["if inputs.n #62; 1"]
      n10["h"]
    end
    subgraph n11["else"]
      n12["i"]
    end
  end
  subgraph n13["j"]
    n14["j"]
    subgraph n15["when it fails"]
      n16["k"]
    end
  end
  n1 --> n2
  n2 --> n5
  n5 --> n8
  n8 --> n13
  subgraph n17["at the end"]
    n18["l"]
  end
`);
});

test('in a graph arrows are what is needed', () => {
  const drawing = workflowMermaid(
    parsed(yaml('- { id: a, run: x }\n- { id: b, run: x }\n- { id: c, run: x, needs: [a] }', 'mode: graph')),
  );
  expect(drawing.match(/-->/g)).toHaveLength(1);
  expect(drawing).toContain('n1 --> n3');
});

test('statuses colour steps; one done for many elements has the status that needs attention most [WRK-29]', () => {
  const workflow = parsed(readFileSync(join(import.meta.dirname, 'fixtures/hygiene.yaml'), 'utf8'));
  const drawing = workflowMermaid(workflow, {
    format: 'succeeded',
    test: 'running',
    'scan/code': 'failed',
    'each/0/lint': 'succeeded',
    'each/1/lint': 'retrying',
    'push/~recover/rebase': 'pending',
    '~finally/unlock': 'skipped',
    nobody: 'failed',
    ask: 'no-status',
  });
  expectValid(drawing);
  const classes = drawing.split('\n').filter((line) => line.startsWith('  class '));
  const node = (label: string) => new RegExp(`(n\\d+)[[({]+"${label}"`).exec(drawing)?.[1];
  expect(classes.sort()).toEqual(
    [
      `  class ${node('code')} failed`,
      `  class ${node('format')} succeeded`,
      `  class ${node('lint')} retrying`,
      `  class ${node('rebase')} pending`,
      `  class ${node('test')} running`,
      `  class ${node('unlock')} skipped`,
    ].sort(),
  );
});

test('no name can break out of its label', () => {
  const names = fc.oneof(
    fc.string({ minLength: 1, unit: 'binary' }),
    fc.constantFrom(
      '"]',
      '`md`',
      '%%{init: {}}%%',
      '<script>',
      'a"; click n1 "javascript:x"',
      '#quot;',
      'end',
      '\n\nend\n',
      '&lt;',
      '-->',
      '\u202e',
      '\ud800',
    ),
  );
  fc.assert(
    fc.property(names, names, (name, other) => {
      const workflow = defineWorkflow({
        apiVersion: 'cadre/v1',
        kind: 'Workflow',
        metadata: { name: 'sample' },
        spec: {
          steps: [
            { name, parallel: [{ name: other, run: 'x' }] },
            { choose: [{ if: `\${{ ${JSON.stringify(name)} == "" }}`, steps: [{ run: 'x' }] }] },
          ],
        },
      });
      expectValid(workflowMermaid(workflow));
    }),
  );
});
