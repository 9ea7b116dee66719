import type { ZodType } from 'zod';
import type { ConfigFault } from './fault.ts';
import { merged, type Setting } from './settings.ts';
import type { Shape } from './shape.ts';

/** What the schema says of the settings, each fault with the place that set the value. */
export function checkSettings(
  schema: ZodType,
  settings: readonly Setting[],
  shape: Shape,
): { readonly value: unknown; readonly faults: readonly ConfigFault[] } {
  const result = schema.safeParse(merged(settings, shape));
  if (result.success) return { value: result.data, faults: [] };
  const faults = result.error.issues.map((issue) => {
    const path = issue.path.map(String);
    return {
      key: path.join('.'),
      message: issue.message,
      origin: originOf(path, settings),
      suggestion: undefined,
    };
  });
  return { value: undefined, faults };
}

/** The strongest setting of the value itself, of a part of it or of what holds it. */
function originOf(path: readonly string[], settings: readonly Setting[]): string {
  const related = settings.filter(
    (setting) => startsWith(path, setting.path) || startsWith(setting.path, path),
  );
  return related.at(-1)?.origin ?? 'not set anywhere';
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((part, index) => path[index] === part);
}
