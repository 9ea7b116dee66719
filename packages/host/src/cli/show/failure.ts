import { plainText } from '@cadre/core';
import type { Failure, JsonValue } from '@cadre/sdk';
import type { Output } from '../output.ts';

const MOST_LINES = 20;
/** A chain of causes is as long as the layers of the program; more would be a circle. */
const MOST_CAUSES = 8;

/**
 * All that a person needs of a failure: what was tried and why it failed, with its code, what lies behind it, what the
 * tool said last, how to repeat it, what to do, and where to read on. `repeat` is for a failure that names no command.
 */
export function printFailure(name: string, failure: Failure, output: Output, repeat?: string): void {
  const { colours } = output;
  const said = lastLinesOf(failure);
  // A message that goes on after its first line repeats what the tool said.
  const message = said.length === 0 ? failure.message : (failure.message.split('\n')[0] ?? failure.code);
  output.line();
  output.line(
    `${colours.red(name)} ${plainLines(message, '  ')} ${colours.dim(`[${plainText(failure.code)}]`)}`,
  );
  for (const cause of causesOf(failure)) {
    output.line(
      `  because: ${plainLines(cause.message, '    ')} ${colours.dim(`[${plainText(cause.code)}]`)}`,
    );
  }
  if (said.length > 0) {
    output.line('  last lines:');
    for (const line of said) output.line(colours.dim(`    ${plainText(line)}`));
  }
  const command = commandOf(failure) ?? repeat;
  if (command !== undefined && failure.hint?.includes(command) !== true) {
    output.line(`  repeat: ${plainText(command)}`);
  }
  if (failure.hint !== undefined) output.line(`  try: ${plainLines(failure.hint, '  ')}`);
  output.line(colours.dim(`  more: ${documentationOf(failure.code)}`));
}

/** Where the guide explains a code. */
export function documentationOf(code: string): string {
  return `docs/guide/failures.md#${encodeURIComponent(code)}`;
}

function causesOf(failure: Failure): Failure[] {
  const causes: Failure[] = [];
  for (let cause = failure.cause; cause !== undefined && causes.length < MOST_CAUSES; cause = cause.cause) {
    causes.push(cause);
  }
  return causes;
}

/** Workers keep them as `lastLines` or `lines` of the details, beside the tool that said them. */
function lastLinesOf({ details }: Failure): string[] {
  const ofProcess = valueIn(details, 'lastLines');
  const found = [
    // Those of a worker's process are one text.
    typeof ofProcess === 'string' ? ofProcess.split('\n').filter(Boolean) : ofProcess,
    valueIn(details, 'lines'),
    valueIn(valueIn(details, 'tool'), 'lastLines'),
  ];
  const lines = found.find((one) => Array.isArray(one)) ?? [];
  const texts = (lines as readonly JsonValue[]).filter((line) => typeof line === 'string');
  return texts.slice(-MOST_LINES);
}

function commandOf({ details }: Failure): string | undefined {
  const command = valueIn(details, 'command') ?? valueIn(valueIn(details, 'tool'), 'command');
  return typeof command === 'string' ? command : undefined;
}

function valueIn(value: JsonValue | undefined, key: string): JsonValue | undefined {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isTable ? value[key] : undefined;
}

function plainLines(text: string, indent: string): string {
  return text.split('\n').map(plainText).join(`\n${indent}`);
}
