import { CadreError } from '@cadre/core';

export function heldByOther(): CadreError {
  return new CadreError('lease_held', 'packages are being installed or removed by another process', {
    hint: 'wait for it, or see who it is: cadre lock show',
  });
}
