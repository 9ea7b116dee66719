import { formatPermission, type Permission, permissionSentence } from '@cadre/core';
import { type Failure, failure } from '@cadre/sdk';

/** A refusal that helps: what was tried, which rule refused it, how to change that. */
export function violation(
  worker: string,
  wanted: Permission,
  why: { readonly rule: string; readonly howToFix: string },
): Failure {
  const tried = permissionSentence(worker, wanted);
  return failure('denied', `${tried}, which was refused: ${why.rule}`, {
    hint: why.howToFix,
    details: { tried, permission: formatPermission(wanted), ...why },
  });
}

/** The command that would allow it, ready to be pasted into a shell. Who is no person has no shell to paste it into. */
export function grantCommand(worker: string, wanted: Permission, principal: string): string {
  const whom = principal.startsWith('user:') ? '' : ` --for ${shellWord(principal)}`;
  return `cadre grant add ${worker} ${shellWord(formatPermission(wanted))}${whom}`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) && !text.includes('~') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
