import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseWorkflow, type Workflow } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { parse } from 'yaml';

/** What people do in a case, one after another. */
export interface Move {
  /** `ask is waiting`, `run is running`: it is waited for this first. */
  readonly when?: string;
  /** Which of the runs that the case started, from 1 (the default). */
  readonly run?: number;
  readonly by?: string;
  /** Code with which it is refused. */
  readonly refused?: string;
  /** Answers the question of the step that `when` names, or of `step`. */
  readonly answer?: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
  readonly step?: string;
  readonly data?: JsonValue;
  readonly delegate?: string;
  readonly signal?: string;
  readonly cancel?: string;
  /** The same workflow once more, with these inputs. */
  readonly start?: JsonObject;
  /** A run of the same again from this step. */
  readonly rerun?: string;
}

/** The second document of a case. */
export interface Story {
  readonly inputs: JsonObject;
  readonly mode: 'apply' | 'plan';
  readonly moves: readonly Move[];
  /** Several things go on at once: between stores the order counts within each step alone. */
  readonly atOnce: boolean;
  /** A forEach with so many elements that those that are alike are written once. */
  readonly fold?: string;
}

export interface ConformanceCase {
  readonly name: string;
  /** Where its expected journal is. */
  readonly expected: string;
  readonly workflow: Workflow;
  /** What its steps may run as runs of their own. */
  readonly others: Readonly<Record<string, Workflow>>;
  readonly story: Story;
}

const CASES = fileURLToPath(new URL('./cases', import.meta.url));
const NOTHING_MORE: Story = { inputs: {}, mode: 'apply', moves: [], atOnce: false };

/** One file each: the workflow, and after `---` further workflows and what people do. */
export function readCases(): readonly ConformanceCase[] {
  const files = readdirSync(CASES).filter((file) => file.endsWith('.yaml'));
  return files.sort().map((file) => readCase(file.replace(/\.yaml$/, '')));
}

function readCase(name: string): ConformanceCase {
  const texts = readFileSync(join(CASES, `${name}.yaml`), 'utf8').split(/^---\n/m);
  const isStory = (text: string) => /^kind: Story$/m.test(text);
  const workflows = texts.filter((text) => !isStory(text)).map((text) => compile(name, text));
  const [workflow] = workflows;
  if (workflow === undefined) throw new Error(`${name}.yaml holds no workflow`);
  const { kind: _, ...story } = texts.filter(isStory).map((text) => parse(text))[0] ?? {};
  return {
    name,
    expected: join(CASES, `${name}.journal`),
    workflow,
    others: Object.fromEntries(workflows.map((one) => [one.name, one])),
    story: { ...NOTHING_MORE, ...story },
  };
}

function compile(name: string, text: string): Workflow {
  const parsed = parseWorkflow(text, { file: `${name}.yaml` });
  if (parsed.ok) return parsed.workflow;
  throw new Error(`${name}.yaml: ${parsed.problems.map(({ message }) => message).join('; ')}`);
}
