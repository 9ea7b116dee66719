import type { Failure } from '@cadre/sdk';
import { type ErrorRoute, type OnError, SEVERITIES } from '../../workflow/workflow.ts';

const ABORT: ErrorRoute = { kind: 'abort' };

/** What is done about a failure: the first route that fits it, or an end of the run. */
export function routeFor(onError: OnError, failure: Failure): ErrorRoute {
  if (onError.kind !== 'routes') return onError;
  const fitting = onError.routes.find(
    ({ on, severity }) =>
      (on === undefined || on.some((code) => codeFits(code, failure.code))) &&
      (severity === undefined || severityOf(failure) >= SEVERITIES.indexOf(severity)),
  );
  return fitting?.route ?? ABORT;
}

/** `*` stands for any part of a code: `http_5*`. */
function codeFits(pattern: string, code: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  if (parts.length === 0) return pattern === code;
  const last = parts.pop() ?? '';
  if (!code.startsWith(first) || !code.slice(first.length).endsWith(last)) return false;
  let rest = code.slice(first.length, code.length - last.length);
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at === -1) return false;
    rest = rest.slice(at + part.length);
  }
  return true;
}

/** As the action says in the details of its failure; one that says nothing is below all. */
function severityOf({ details }: Failure): number {
  const severity =
    details !== null && typeof details === 'object' && 'severity' in details
      ? details['severity']
      : undefined;
  return (SEVERITIES as readonly unknown[]).indexOf(severity);
}
