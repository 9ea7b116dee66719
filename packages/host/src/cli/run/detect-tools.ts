import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';

/** A formatter, linter or test runner that a repository has chosen. */
export interface DetectedTool {
  readonly name: string;
  /** What it is for, of a formatter or linter. */
  readonly stage?: 'format' | 'lint';
  /** Where it is used; `.` is the whole workspace. */
  readonly folder: string;
  /** What says so: a file, a dependency. */
  readonly reason: string;
  readonly installed: boolean;
  readonly version?: string;
  /** The oldest version that can be used, of one that is older. */
  readonly tooOld?: string;
  /** How to get it. */
  readonly install?: string;
}

export async function detectTools(app: App): Promise<readonly DetectedTool[]> {
  return [...(await detectFormatters(app)), ...(await detectRunners(app))];
}

/** Formatters and linters. */
export function detectFormatters(app: App): Promise<readonly DetectedTool[]> {
  return detect(app, 'code/detect', 'tools');
}

export function detectRunners(app: App): Promise<readonly DetectedTool[]> {
  return detect(app, 'test/detect', 'runners');
}

/** A workspace in which nothing can be found out has none. */
async function detect(app: App, uses: string, key: string): Promise<readonly DetectedTool[]> {
  const outcome = await app.call(uses, {});
  return outcome.ok ? ((outcome.output as JsonObject)[key] as unknown as readonly DetectedTool[]) : [];
}
