import { plainText } from '@cadre/core';
import type { Lacking } from '../../ports/skills.ts';
import type { Output } from '../output.ts';
import { paint } from './report.ts';

/** What a package requires and cannot have, with the chains that lead there. */
export function printLacking({ package: { id, version }, faults }: Lacking, output: Output): void {
  for (const { message, chains } of faults) {
    output.line(`\n${paint('lacking', 'yellow', output.colours)} ${id} ${version}: ${plainText(message)}`);
    for (const chain of chains) output.line(output.colours.dim(`  ${plainText(chain)}`));
  }
}
