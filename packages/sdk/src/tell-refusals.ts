import { subscribe } from 'node:diagnostics_channel';

/** What Node's permission model calls what it guards: https://nodejs.org/api/permissions.html */
const GUARDED = ['fs', 'child', 'worker', 'wasi', 'addon', 'inspector', 'net', 'ffi', 'openssl-store'];

/** Of one call: the same again tells nothing new, and one that tries everything must not drown what else there is to say. */
const MOST = 50;

/**
 * Tells what Node refuses to this process, also where the code that tried says nothing of it. Code that wants to hide it can: what it
 * cannot do stays undone, and its call stands in the record all the same.
 */
export function tellRefusals(
  callOf: () => string | undefined,
  tell: (call: string, permission: string, resource: string) => void,
): void {
  if (process.permission === undefined) return;
  const told = new Set<string>();
  let current = '';
  const hear = (message: unknown) => {
    const call = callOf();
    // Outside of calls it is Node that looks for packages, which nobody wants to hear of.
    if (call === undefined) return;
    if (call !== current) told.clear();
    current = call;
    const { permission = '', resource = '' } = message as { permission?: unknown; resource?: unknown };
    const key = `${permission} ${resource}`;
    if (told.has(key) || told.size >= MOST) return;
    told.add(key);
    tell(call, String(permission).slice(0, 100), String(resource).slice(0, 1_000));
  };
  for (const name of GUARDED) subscribe(`node:permission-model:${name}`, hear);
}
