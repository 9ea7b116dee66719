import type { NumberedEvent } from '@cadre/core';
import type { Story } from './read-cases.ts';

export interface Journal {
  readonly run: string;
  readonly workflow: string;
  readonly events: readonly NumberedEvent[];
}

/**
 * Journals as text that people can read and compare: a line for each event, with times as distances from the event and
 * runs by the order in which they came. `loose`: by step, because several went on at once.
 */
export function journalText(
  journals: readonly Journal[],
  { fold }: Pick<Story, 'fold'>,
  loose = false,
): string {
  const roots = journals.map(({ run }) => run).filter((run) => !run.includes('.'));
  const named = (text: string) =>
    roots.reduce((before, run, index) => before.replaceAll(run, `<run ${index + 1}>`), text);
  return journals
    .map(({ run, workflow, events }) => {
      const lines = events.map((event) => ({ step: stepOf(event), text: named(lineOf(event)) }));
      const folded = fold === undefined ? lines : foldElements(lines, fold);
      const ordered = loose ? [...folded].sort((a, b) => compare(a.step, b.step)) : folded;
      return [`== ${named(run)} ${workflow}`, ...ordered.map(({ text }) => text), ''].join('\n');
    })
    .join('\n');
}

interface Line {
  readonly step: string;
  readonly text: string;
}

const stepOf = (event: NumberedEvent) => ('step' in event ? event.step : '');
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const KEPT_OUT: ReadonlySet<string> = new Set(['at', 'number', 'type', 'step', 'definition', 'holder']);
/** Nobody reads longer lists. */
const MANY = 100;
const TIMES: ReadonlySet<string> = new Set(['dueAt', 'deadline', 'until']);

function lineOf(event: NumberedEvent): string {
  const rest = Object.entries(event).filter(([key]) => !KEPT_OUT.has(key));
  const step = stepOf(event);
  const words = [event.type, ...(step === '' ? [] : [step])];
  // A pause counts from the beginning of the going-through before it, which lasted as long as it did.
  const timeOf = (time: number) =>
    event.type === 'step.pausing' || time < event.at ? '<time>' : `+${time - event.at} ms`;
  if (rest.length > 0) {
    const text = JSON.stringify(Object.fromEntries(rest), (key, value) => {
      if (Array.isArray(value) && value.length >= MANY) return `<${value.length} values>`;
      return TIMES.has(key) && typeof value === 'number' ? timeOf(value) : value;
    });
    words.push(text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'));
  }
  return words.join(' ');
}

/** Events of elements become those of one element, with how many are alike. */
function foldElements(lines: readonly Line[], container: string): readonly Line[] {
  const counts = new Map<string, number>();
  const inside = new RegExp(String.raw`(?<= )${container}/\d+`);
  const texts = lines.map(({ text, step }) => ({
    step: step.replace(new RegExp(String.raw`^${container}/\d+`), `${container}/#`),
    text: text.replace(inside, `${container}/#`),
  }));
  for (const { text } of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const seen = new Set<string>();
  return texts.flatMap(({ step, text }) => {
    if (seen.has(text)) return [];
    seen.add(text);
    const count = counts.get(text) ?? 1;
    return [{ step, text: count === 1 ? text : `${text} ×${count}` }];
  });
}
