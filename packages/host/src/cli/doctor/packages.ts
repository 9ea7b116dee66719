import { plainText } from '@cadre/core';
import type { App } from '../../app.ts';
import type { Check } from './check.ts';

/** Skills that cannot be used, and what workers and skills require and cannot have. */
export async function packageChecks({ skills }: App): Promise<readonly Check[]> {
  const [usable, broken, lacking] = [await skills.list(), await skills.broken(), await skills.lacking()];
  const faulty: readonly Check[] = [
    ...broken.map(({ id, problems }) => ({
      what: `skill ${plainText(id)}`,
      state: 'warning' as const,
      detail: plainText(
        problems.find(({ severity }) => severity === 'error')?.message ?? 'it cannot be used',
      ),
      hint: 'cadre skill list',
    })),
    ...lacking.map(({ package: { kind, id }, faults }) => ({
      what: `${kind} ${id}`,
      state: 'warning' as const,
      detail: faults.map(({ message }) => plainText(message)).join('; '),
      hint: `cadre ${kind} why ${faults[0]?.wanted.id ?? id}`,
    })),
  ];
  if (faulty.length > 0 || usable.length === 0) return faulty;
  return [
    { what: 'skills', state: 'ok', detail: `${usable.length} can be used, and have what they require` },
  ];
}
