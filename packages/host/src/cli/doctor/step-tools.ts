import type { Step } from '@cadre/core';
import type { ProgramManifest } from '@cadre/sdk';
import type { App } from '../../app.ts';
import { type DetectedTool, detectFormatters, detectRunners } from '../run/detect-tools.ts';
import { installCommand } from './install-command.ts';

/** A program that a step calls. */
export interface StepTool {
  readonly name: string;
  readonly state: 'found' | 'missing' | 'too_old';
  /** Without it the step cannot do its work. */
  readonly needed: boolean;
  /** The repository asks for it, or the step needs it: worth installing. */
  readonly wanted: boolean;
  /** What says that it is wanted, or what it is for. */
  readonly reason: string;
  readonly version?: string;
  /** The oldest version that can be used. */
  readonly minimum?: string;
  readonly install?: string;
}

export interface StepTools {
  find(step: Step): Promise<readonly StepTool[]>;
}

/** Looks for the tools of steps; each detection and each program is asked once. */
export function createStepTools(app: App): StepTools {
  let formatters: Promise<readonly DetectedTool[]> | undefined;
  let runners: Promise<readonly DetectedTool[]> | undefined;
  const programs = new Map<string, Promise<string | undefined>>();
  const versionOf = (program: string) => {
    const asked = programs.get(program) ?? askVersion(app, program);
    programs.set(program, asked);
    return asked;
  };

  async function ofWorker(uses: string): Promise<readonly StepTool[]> {
    const { worker, action } = app.workers.resolve(uses);
    const called = (worker.manifest.programs ?? []).filter(({ actions = [action.name] }) =>
      actions.includes(action.name),
    );
    return Promise.all(called.map(async (program) => toTool(program, await versionOf(program.program))));
  }

  return {
    async find(step) {
      if (step.kind !== 'action') return [];
      const [action] = step.uses.split('@');
      if (action === 'code/format' || action === 'code/lint') {
        formatters ??= detectFormatters(app);
        // A chosen tool that is too old fails the step; one that is not there is skipped.
        return (await formatters)
          .filter(({ stage }) => `code/${stage}` === action)
          .map((tool) => ofDetected(tool, tool.tooOld !== undefined));
      }
      if (action === 'test/run') {
        runners ??= detectRunners(app);
        const found = await runners;
        return found.map((tool) => ofDetected(tool, !found.some(({ installed }) => installed)));
      }
      return ofWorker(step.uses);
    },
  };
}

/** `found` without a version: it does not say. Undefined: it is not there. */
async function askVersion(app: App, program: string): Promise<string | undefined> {
  const outcome = await app.call('shell/run', {
    command: [program, '--version'],
    okCodes: [0, 1, 2],
    timeoutMs: 10_000,
  });
  if (!outcome.ok) return outcome.failure.code === 'command_failed' ? '' : undefined;
  const { stdout, stderr } = outcome.output as { stdout: string; stderr: string };
  return /\d+\.\d+(\.\d+)?/.exec(stdout || stderr)?.[0] ?? '';
}

function ofDetected(
  { name, folder, installed, reason, version, tooOld, install }: DetectedTool,
  needed: boolean,
): StepTool {
  return {
    name: folder === '.' ? name : `${name} in ${folder}`,
    state: !installed ? 'missing' : tooOld === undefined ? 'found' : 'too_old',
    needed,
    wanted: true,
    reason,
    ...(version === undefined ? {} : { version }),
    ...(tooOld === undefined ? {} : { minimum: tooOld }),
    ...(install === undefined ? {} : { install }),
  };
}

function toTool(
  { program, purpose, optional = false, minimum, install }: ProgramManifest,
  version: string | undefined,
): StepTool {
  const isOld = version !== undefined && version !== '' && minimum !== undefined && isOlder(version, minimum);
  const command = installCommand(install ?? {});
  return {
    name: program,
    state: version === undefined ? 'missing' : isOld ? 'too_old' : 'found',
    needed: !optional,
    wanted: !optional,
    reason: purpose,
    ...(version === undefined || version === '' ? {} : { version }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(command === undefined ? {} : { install: command }),
  };
}

/** Part by part; a part that is not said is 0. */
export function isOlder(version: string, minimum: string): boolean {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = want.findIndex((part, index) => (have[index] ?? 0) !== part);
  return at >= 0 && (have[at] ?? 0) < (want[at] ?? 0);
}
