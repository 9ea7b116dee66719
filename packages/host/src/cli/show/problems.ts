import { CadreError, type Problem, plainText } from '@cadre/core';
import type { Colours } from '../output.ts';

/** `release.yaml:12:5 error unknown step "tset" [unknown_step] – did you mean "test"?` */
export function formatProblem(problem: Problem, file: string, colours: Colours): string {
  const { position, severity, message, code, path, suggestion } = problem;
  const where = position === undefined ? `${file} ${path}` : `${file}:${position.line}:${position.column}`;
  const mark = severity === 'error' ? colours.red('error') : colours.yellow('warning');
  const hint = suggestion === undefined ? '' : ` – ${suggestion}`;
  return `${where} ${mark} ${message} ${colours.dim(`[${code}]`)}${hint}`;
}

/** Of what strangers have written: as people may see it. */
export function shownProblem(problem: Problem): Problem {
  const { message, path, suggestion } = problem;
  const hint = suggestion === undefined ? {} : { suggestion: plainText(suggestion) };
  return { ...problem, message: plainText(message), path: plainText(path), ...hint };
}

/** Refuses to go on with errors: the message holds all of them. */
export function refuseProblems(problems: readonly Problem[], file: string, colours: Colours): void {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  if (first === undefined) return;
  const unbuilt = errors.every((problem) => problem.code === 'not_built_yet');
  const lines = errors.map((problem) => formatProblem(problem, file, colours));
  throw new CadreError(
    unbuilt ? 'not_built_yet' : 'invalid_workflow',
    `${file} cannot be run:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    { hint: first.suggestion ?? `cadre check ${file}`, details: { problems: errors } },
  );
}
