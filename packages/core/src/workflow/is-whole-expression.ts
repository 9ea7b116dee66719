import { isCadreError } from '../errors.ts';
import { parseTemplate } from '../expression/template.ts';

/** Whether a string is exactly one `${{ … }}`; what stands within is checked elsewhere. */
export function isWholeExpression(text: string): boolean {
  try {
    const parts = parseTemplate(text);
    return parts.length === 1 && parts[0]?.kind === 'expression';
  } catch (error) {
    if (isCadreError(error)) return text.startsWith('${{');
    throw error;
  }
}
