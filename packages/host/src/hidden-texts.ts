import { CadreError, isCadreError, patternReplacer } from '@cadre/core';
import type { Config } from './config.ts';

/** What `log.mask` of the settings comes to. Throws `config_invalid` for a pattern that is none. */
export function hideTexts({ log }: Config): (text: string) => string {
  try {
    return patternReplacer(log.mask, '***');
  } catch (error) {
    if (!isCadreError(error)) throw error;
    throw new CadreError('config_invalid', `log.mask: ${error.message}`, {
      hint: error.hint ?? 'see `cadre config explain log.mask` for where it is set',
    });
  }
}
