import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';

/** A formatter, linter or test runner that a repository has chosen. */
export interface DetectedTool {
  readonly name: string;
  /** Where it is used; `.` is the whole workspace. */
  readonly folder: string;
  /** What says so: a file, a dependency. */
  readonly reason: string;
  readonly installed: boolean;
  readonly version?: string;
  /** How to get it. */
  readonly install?: string;
}

export async function detectTools(app: App): Promise<readonly DetectedTool[]> {
  return [...(await detect(app, 'code/detect', 'tools')), ...(await detectRunners(app))];
}

export function detectRunners(app: App): Promise<readonly DetectedTool[]> {
  return detect(app, 'test/detect', 'runners');
}

/** A workspace in which nothing can be found out has none. */
async function detect(app: App, uses: string, key: string): Promise<readonly DetectedTool[]> {
  const outcome = await app.call(uses, {});
  return outcome.ok ? ((outcome.output as JsonObject)[key] as unknown as readonly DetectedTool[]) : [];
}
