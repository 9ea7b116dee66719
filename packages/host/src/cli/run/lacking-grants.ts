import { exactText, type Step, type Workflow, walkSteps } from '@cadre/core';
import type { App } from '../../app.ts';
import type { Output } from '../output.ts';

/** Something that a step needs, and that nobody has allowed: with the command that would. */
export interface LackingGrant {
  readonly step: string;
  readonly uses: string;
  readonly permission: string;
  readonly decision: 'asked' | 'denied';
  readonly rule: string;
  readonly fix: string;
}

/** What the workflow, the steps around one, and it itself allow at most, from the outside in. */
export function stepCallers(workflow: Workflow, step?: Step) {
  const around =
    step === undefined ? [] : (walkSteps(workflow).find((one) => one.step === step)?.around ?? []);
  const steps = around.map(({ holder }) => holder);
  return [
    ...(workflow.permissions === undefined ? [] : [{ name: 'workflow', permissions: workflow.permissions }]),
    ...steps.flatMap(({ id, permissions }) =>
      permissions === undefined ? [] : [{ name: `step ${id}`, permissions }],
    ),
  ];
}

/**
 * What its steps are sure to need and have not. What a manifest names by a pattern is known only when it is used: a call may need one
 * host of `net:*`, or none.
 */
export async function lackingGrants(app: App, workflow: Workflow): Promise<readonly LackingGrant[]> {
  const found = new Map<string, LackingGrant>();
  for (const { step } of walkSteps(workflow)) {
    if (step.kind !== 'action') continue;
    const callers = stepCallers(workflow, step);
    const told = await app.explain({ uses: step.uses, principal: app.principal, callers });
    const { decisions, worker, version } = told;
    for (const { permission, decision, rule, fix } of decisions) {
      if ((decision !== 'asked' && decision !== 'denied') || permission.includes('*') || fix === undefined)
        continue;
      // What is granted to one version is not granted to another.
      const key = `${worker} ${version} ${permission}`;
      if (!found.has(key))
        found.set(key, { step: step.id, uses: step.uses, permission, decision, rule, fix });
    }
  }
  return [...found.values()];
}

export function printLacking(lacking: readonly LackingGrant[], { line, colours }: Output): void {
  if (lacking.length === 0) return;
  line(`\n${colours.bold('What is not granted yet')}`);
  for (const { step, permission, decision, rule, fix } of lacking) {
    line(
      `  ${step} needs ${exactText(permission)}${decision === 'denied' ? `, which is denied: ${exactText(rule)}` : ''}`,
    );
    line(colours.dim(`    ${exactText(fix)}`));
  }
}
