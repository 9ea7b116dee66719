import { KitError } from '../error.ts';

/** One thing that is wrong in the settings. */
export interface ConfigFault {
  /** Dotted, as the schema spells it as far as it knows it. */
  readonly key: string;
  readonly message: string;
  /** `/a/cadre.yaml:3`, the name of a variable, `option` or `override`. */
  readonly origin: string;
  readonly suggestion: string | undefined;
}

export function faultLine({ key, message, origin, suggestion }: ConfigFault): string {
  const subject = key === '' ? 'the settings' : key;
  return `${origin}: ${subject}: ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`;
}

/** All faults at once, so that they are mended at once. */
export function invalidConfig(faults: readonly ConfigFault[]): KitError {
  const count = faults.length === 1 ? 'one setting is' : `${faults.length} settings are`;
  return new KitError('config_invalid', [`${count} invalid`, ...faults.map(faultLine)].join('\n  '), {
    hint: faults.length === 1 ? faults[0]?.suggestion : undefined,
    details: { faults },
  });
}
