import { type Mask, mapTexts } from './mask.ts';

/** Takes out of logs, and out of what failures say, besides secrets also what people want to be hidden there. */
export type LogMask = Pick<Mask, 'text' | 'data'>;

/** @param hide Replaces what fits the patterns of people. Outputs are left as they are: later steps work with them. */
export function createLogMask(mask: Mask, hide: (text: string) => string): LogMask {
  const text = (given: string) => hide(mask.text(given));
  return { text, data: <T>(value: T) => mapTexts(value, text) as T };
}
