import { keywordFilter } from '../scan/keyword-filter.ts';
import { sourceOf } from '../scan/source.ts';
import { findSecrets, SECRET_RULES } from './find-secrets.ts';

const candidates = keywordFilter(SECRET_RULES);

export interface Masked {
  readonly text: string;
  /** How many secrets were replaced. */
  readonly masked: number;
}

/** A text with every secret that the scan would report replaced by `[secret: RULE]`, for dumps and logs. */
export function maskSecrets(path: string, text: string): Masked {
  const secrets = findSecrets(sourceOf(path, text), candidates(text));
  let end = 0;
  const parts = secrets.map(({ rule, index, length }) => {
    const part = `${text.slice(end, index)}[secret: ${rule.id}]`;
    end = index + length;
    return part;
  });
  return { text: parts.join('') + text.slice(end), masked: secrets.length };
}
