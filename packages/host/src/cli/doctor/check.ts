import type { Output } from '../output.ts';
import { paint } from '../show/report.ts';

/** One thing that was looked at. `missing`: something cannot be done without it. */
export interface Check {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'missing';
  readonly detail: string;
  readonly hint?: string;
}

const MARK = { ok: ['✓', 'green'], warning: ['!', 'yellow'], missing: ['✗', 'red'] } as const;

export function printChecks(checks: readonly Check[], output: Output): void {
  const width = Math.max(...checks.map((check) => check.what.length));
  for (const { what, state, detail, hint } of checks) {
    const [mark, colour] = MARK[state];
    output.line(`${paint(mark, colour, output.colours)} ${what.padEnd(width)}  ${detail}`);
    if (hint !== undefined && state !== 'ok')
      output.line(output.colours.dim(`  ${' '.repeat(width)}  ${hint}`));
  }
}
