import { expect, test } from 'vitest';
import { defineWorkflow } from './define-workflow.ts';
import { inputReaders } from './input-readers.ts';

test('the steps that read an input are found, also by what is inside them', () => {
  const workflow = defineWorkflow({
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: { name: 'sample' },
    spec: {
      inputs: { paths: { type: 'array', default: [] }, other: { type: 'array', default: [] } },
      steps: [
        { id: 'format', uses: 'code/format', with: { paths: '${{ inputs.paths }}' } },
        { id: 'dump', uses: 'dump/create', with: { paths: '${{ inputs.other }}' } },
        { id: 'both', parallel: [{ id: 'lint', if: '${{ size(inputs.paths) > 0 }}', run: 'x' }] },
        { id: 'broken', run: 'x ${{ inputs.paths + }}' },
      ],
    },
  });
  expect(inputReaders(workflow, 'paths')).toEqual(['format', 'both']);
});
