import type { JsonObject } from '@cadre/sdk';
import type { Artifacts } from '../../artifact/artifacts.ts';
import { isReference } from '../../artifact/load-artifacts.ts';
import type { RunEventBody } from '../events.ts';

/** An event as it goes into the journal: large values in it are references. */
export function keepLarge(artifacts: Artifacts | undefined, body: RunEventBody): RunEventBody {
  if (artifacts === undefined) return body;
  switch (body.type) {
    case 'step.succeeded':
    case 'run.succeeded': {
      const output = artifacts.keep(body.output);
      return output === body.output ? body : { ...body, output };
    }
    case 'step.opened': {
      if (body.items === undefined || isReference(body.items)) return body;
      const items = artifacts.keep(body.items as never);
      return isReference(items) ? { ...body, items } : body;
    }
    default:
      return body;
  }
}

/** What is handed out stays a map; the large values in it are references. */
export function keepEntries(artifacts: Artifacts | undefined, values: JsonObject): JsonObject {
  if (artifacts === undefined) return values;
  const entries = Object.entries(values);
  const kept = entries.map(([name, value]) => [name, artifacts.keep(value)] as const);
  return kept.every(([, value], index) => value === entries[index]?.[1]) ? values : Object.fromEntries(kept);
}
