import { formatPermission, type Permission, permissionSentence } from '@cadre/core';
import { type Failure, failure } from '@cadre/sdk';

/** Which rule refused it, and what to do about that. */
export interface Refusal {
  readonly rule: string;
  readonly fix: string;
  /** The stored answer that refused it. */
  readonly grant?: string;
}

/**
 * A refusal that helps, in one shape wherever it is told: the failure of a step and its event, the record, the answer to a worker.
 * `target`: what exactly was to be reached, where that is more than the permission says.
 */
export interface Violation extends Refusal {
  readonly permission: string;
  readonly target: string;
}

export function violation(worker: string, wanted: Permission, target: string, why: Refusal): Failure {
  const tried = permissionSentence(worker, wanted);
  const told: Violation = { permission: formatPermission(wanted), target, ...why };
  return failure('denied', `${tried}, which was refused: ${why.rule}`, {
    hint: why.fix,
    details: { ...told },
  });
}

/** What a failure says of the rule that was violated; undefined when it is another failure. */
export function violationOf({ code, details }: Failure): Violation | undefined {
  if (code !== 'denied' || details === null || typeof details !== 'object' || Array.isArray(details))
    return undefined;
  const { permission, target, rule, fix } = details as Partial<Violation>;
  return [permission, target, rule, fix].every((one) => typeof one === 'string')
    ? (details as unknown as Violation)
    : undefined;
}

/** The command that would allow it to `worker` (`ID`, or `ID@VERSION` where that alone means another one), ready to be pasted into a shell. Who is no person has no shell to paste it into. */
export function grantCommand(worker: string, wanted: Permission, principal: string): string {
  const whom = principal.startsWith('user:') ? '' : ` --for ${shellWord(principal)}`;
  return `cadre grant add ${worker} ${shellWord(formatPermission(wanted))}${whom}`;
}

/** So that the parts of a command line can be told from each other, and be pasted. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) && !text.includes('~') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
