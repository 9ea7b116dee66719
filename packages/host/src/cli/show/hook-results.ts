import { plainText } from '@cadre/core/history';
import { duration } from '@cadre/kit/format';
import type { Colours, Output } from '../output.ts';

interface HookResult {
  readonly id: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  readonly changed: readonly string[];
  readonly output: string;
}

const COLOURS: Readonly<Record<HookResult['status'], keyof Colours>> = {
  passed: 'green',
  failed: 'red',
  skipped: 'dim',
};
const MAX_LINES = 20;

/** One line for each hook that a step ran; of one that failed also what it said. */
export function printHooks(report: object | undefined, output: Output): void {
  if (report === undefined || !('hooks' in report) || !Array.isArray(report.hooks)) return;
  const hooks = report.hooks as readonly HookResult[];
  const width = Math.max(0, ...hooks.map((hook) => hook.id.length));
  output.line();
  for (const hook of hooks) {
    const { status, changed } = hook;
    const paint = output.colours[COLOURS[status]] as (text: string) => string;
    const fixed = changed.length === 0 ? '' : `fixed ${changed.map(plainText).join(', ')}`;
    const took = status === 'skipped' ? '' : duration(hook.durationMs);
    output.line(
      `  ${paint(status.padEnd(7))} ${plainText(hook.id).padEnd(width)} ${took.padStart(7)}  ${fixed}`.trimEnd(),
    );
    if (status !== 'failed') continue;
    for (const line of hook.output.trimEnd().split('\n').slice(-MAX_LINES))
      output.line(`          ${plainText(line)}`);
  }
}
