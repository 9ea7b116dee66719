import { amountText, type BudgetReport, type LimitReport, type UseReport } from '@cadre/core';
import { duration } from '@cadre/kit/format';
import type { Output } from '../output.ts';
import { printTable } from './table.ts';

/** Each limit with what became of it, then what the actions used. */
export function printBudget({ limits, totals, measuredBy }: BudgetReport, output: Output): void {
  output.line();
  output.line(output.colours.bold('Budget'));
  printTable(['limit', 'of', 'planned', 'used', 'more by', 'at?'], limits.map(limitRow), output);
  printTable(
    ['action', 'attempts', 'time', 'processor', 'memory', 'tokens', 'money'],
    totals.map(totalRow),
    output,
  );
  if (measuredBy !== undefined) {
    output.line(output.colours.dim(`Processor time and memory as seen by ${MEASURED_BY[measuredBy]}.`));
  }
}

const MEASURED_BY = {
  'control group': 'the control groups of the system',
  processes: 'looking at the processes several times a second, which may miss peaks',
} as const;

function limitRow({ scope, limit, planned, used, over, at }: LimitReport): readonly string[] {
  const text = (amount: number | string | undefined) =>
    amount === undefined ? '' : shortAmount(limit, amount);
  return [limit, scope === '' ? 'run' : scope, text(planned), text(used), text(over), at ?? ''];
}

/** Where the name of the limit stands beside it. */
export function shortAmount(limit: LimitReport['limit'], amount: number | string): string {
  return amountText(limit === 'cpu' ? 'wall' : limit, amount).replace(/ (tokens?|actions?)$/, '');
}

function totalRow({ worker, action, workflow, attempts, durationMs, usage }: UseReport): readonly string[] {
  const { cpuMs, memoryBytes, tokens, money = {} } = usage;
  return [
    workflow === undefined ? `${worker}/${action}` : `workflow ${workflow}`,
    String(attempts),
    duration(durationMs),
    cpuMs === undefined ? '' : duration(cpuMs),
    memoryBytes === undefined ? '' : amountText('memory', memoryBytes),
    tokens === undefined ? '' : amountText('tokens', tokens).replace(/ .*/, ''),
    Object.entries(money)
      .map(([currency, amount]) => `${amount} ${currency}`)
      .join(' + '),
  ];
}
