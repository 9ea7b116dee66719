import { type Failure, failure } from '@cadre/sdk';
import type { StepState } from '../state.ts';

/** After so many deaths of its process a step is not tried again without a person, whatever its action or its retries say. */
const MOST_DEATHS = 3;

/** It takes along what performs it: the process of its worker, or that of Cadre itself. */
export function isPoison({ status, deaths, kills = 0, failure }: StepState): boolean {
  if (status !== 'failed') return deaths >= MOST_DEATHS;
  return failure?.code === 'worker_died' && deaths + kills >= MOST_DEATHS;
}

export function quarantined(
  path: string,
  { attempts, deaths, kills = 0, failure: last }: StepState,
): Failure {
  const whose = deaths === 0 ? 'its worker' : 'its process';
  const how = last === undefined ? '' : `; the last time ${last.message}`;
  const message = `'${path}' is quarantined: ${whose} died in ${deaths + kills} of ${attempts} attempts${how}`;
  return failure('quarantined', message, {
    hint: 'read the log of the step: it probably ends its own process, or needs more memory than there is',
    details: { step: path, attempts, deaths: deaths + kills },
    ...(last === undefined ? {} : { cause: last }),
  });
}
