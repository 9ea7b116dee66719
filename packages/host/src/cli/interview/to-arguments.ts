import type { JsonValue } from '@cadre/sdk';
import type { Answers } from './interview.ts';

/** The command line that says the same as the answers. */
export function toArguments({ profile, steps, inputs, way }: Answers): readonly string[] {
  return [
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(steps === undefined ? [] : ['--steps', steps.join(',')]),
    ...Object.entries(inputs).flatMap(([name, value]) => inputArguments(name, value)),
    ...(way === undefined ? [] : [way]),
  ];
}

function inputArguments(name: string, value: JsonValue): string[] {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
  return [`--${flag}`, Array.isArray(value) ? value.join(',') : String(value)];
}

/** As a person would type it in a shell. */
export function quote(argument: string): string {
  return /^[\w./,:=@+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
