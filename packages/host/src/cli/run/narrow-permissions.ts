import { CadreError, formatPermission, intersect, parsePermission, type Workflow } from '@cadre/core';

/** The same workflow, whose steps may be granted no more than a profile permits. Throws `config_invalid`. */
export function narrowPermissions(
  workflow: Workflow,
  most: readonly string[] | undefined,
  who: string,
): Workflow {
  if (most === undefined) return workflow;
  const sets = [most, ...(workflow.permissions === undefined ? [] : [workflow.permissions])].map((texts) =>
    texts.map((text) => {
      const parsed = parsePermission(text);
      if (parsed.ok) return parsed.permission;
      throw new CadreError('config_invalid', `permissions of ${who}: ${parsed.message}`, {
        ...(parsed.suggestion === undefined ? {} : { hint: parsed.suggestion }),
      });
    }),
  );
  return { ...workflow, permissions: intersect(sets).map(formatPermission) };
}
