import { subscribe } from 'node:diagnostics_channel';

/** What Node's permission model calls what it guards: https://nodejs.org/api/permissions.html */
const GUARDED = ['fs', 'child', 'worker', 'wasi', 'addon', 'inspector', 'net', 'ffi', 'openssl-store'];

/** The same again tells nothing new, and one that tries everything must not drown what else there is to say. */
const MOST = 50;

/**
 * Tells what Node refuses to this process, also where the code that tried says nothing of it. Code that wants to hide it can: what it
 * cannot do stays undone, and its call stands in the record all the same.
 */
export function tellRefusals(tell: (permission: string, resource: string) => void): void {
  if (process.permission === undefined) return;
  const told = new Set<string>();
  const hear = (message: unknown) => {
    const { permission = '', resource = '' } = message as { permission?: unknown; resource?: unknown };
    const key = `${permission} ${resource}`;
    if (told.has(key) || told.size >= MOST) return;
    told.add(key);
    tell(String(permission).slice(0, 100), String(resource).slice(0, 1_000));
  };
  for (const name of GUARDED) subscribe(`node:permission-model:${name}`, hear);
}
