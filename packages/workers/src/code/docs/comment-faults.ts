import type { Finding } from '@cadre/sdk';
import { type Page, placedIn } from './lay-out.ts';

/** What comments say of parameters that do not exist: somebody renamed or removed them. */
export function commentFaults(page: Page): Finding[] {
  return placedIn(page).flatMap(({ symbol, title }) => {
    const { parameters, comment, kind, line, file } = symbol;
    if (comment === undefined || !/^(function|method|constructor)$/.test(kind)) return [];
    // What is taken apart in the list of parameters may be called anything.
    if (parameters.some(({ name }) => /^[{[]/.test(name))) return [];
    const known = new Set(parameters.map(({ name }) => name));
    return comment.parameters
      .filter(({ name }) => name !== '' && !known.has(name.split('.')[0] ?? ''))
      .map(({ name }) => ({
        tool: 'docs',
        rule: 'unknown-parameter',
        severity: 'low',
        confidence: 'high',
        file,
        line,
        message: `the comment of ${title} describes ${name}, which is no parameter of it`,
        fix: 'correct the name, or remove the description',
      }));
  });
}
