import type { RunEvent } from '@cadre/core';
import { change, type Script } from '../database.ts';

export interface Waits {
  readonly begun: readonly { readonly step: string; readonly topic: string }[];
  readonly over: readonly string[];
}

const ENDS: ReadonlySet<RunEvent['type']> = new Set(['step.woken', 'step.timed_out', 'step.cancelled']);

/** Which steps begin to wait for an event, and which may have ceased to; undefined for most appends. */
export function waitsOf(events: readonly RunEvent[]): Waits | undefined {
  const begun = new Map<string, string>();
  const over = new Set<string>();
  for (const event of events) {
    if (event.type === 'step.waiting' && event.wait?.topic !== undefined) {
      begun.set(event.step, event.wait.topic);
    } else if (ENDS.has(event.type) && 'step' in event) {
      if (!begun.delete(event.step)) over.add(event.step);
    }
  }
  if (begun.size + over.size === 0) return undefined;
  return { begun: [...begun].map(([step, topic]) => ({ step, topic })), over: [...over] };
}

/** The part of a topic by which it is found. */
export function headOf(topic: string): string {
  const [head = ''] = topic.split('.', 1);
  return head === '**' ? '*' : head;
}

export function* noteWaits(key: number, events: readonly RunEvent[]): Script<void> {
  const waits = waitsOf(events);
  if (waits === undefined) return;
  for (const step of waits.over) yield change('DELETE FROM waits WHERE run = ?1 AND step = ?2', key, step);
  for (const { step, topic } of waits.begun) yield change(PUT_WAIT, key, step, headOf(topic), topic);
}

const PUT_WAIT = `INSERT INTO waits (run, step, head, topic) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (run, step) DO UPDATE SET head = excluded.head, topic = excluded.topic`;

export const LIST_WAITS = `SELECT DISTINCT r.id, w.topic FROM waits w JOIN runs r ON r.key = w.run
  WHERE w.head IN (?1, '*') AND r.ended_at IS NULL ORDER BY r.id, w.topic`;

/** Of runs that ended while a step of theirs still waited. */
export const FORGET_WAITS =
  'DELETE FROM waits WHERE run IN (SELECT w.run FROM waits w JOIN runs r ON r.key = w.run WHERE r.ended_at IS NOT NULL)';
