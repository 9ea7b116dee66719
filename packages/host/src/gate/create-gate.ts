import { artifactsOf, type CadreError, isCadreError } from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import { type ActionManifest, type Failure, failure } from '@cadre/sdk';
import type { ActionTraits, Gate } from '../ports/gate.ts';
import { changesAnything } from './call-way.ts';
import { calledVersions } from './calls/called-versions.ts';
import { forgetAnswers } from './forget-answers.ts';
import type { GateSettings } from './gate-settings.ts';
import { openGateTools } from './gate-tools.ts';
import { performCall } from './perform-call.ts';
import { describeSubject } from './subject.ts';
import { openWarming } from './warm-worker.ts';

/**
 * The one way into the outside world. Throws CadreError `config_invalid` when the policy has a rule that is no permission.
 * Invariants:
 * 1. Whatever is performed was decided and recorded before; its outcome is recorded after.
 * 2. No value of a secret that was used leaves in an outcome, an effect or a log line.
 * 3. In a plan nothing outside of scratch trees and the workers' own folders changes, and nothing is sent.
 */
export function createGate(settings: GateSettings): Gate {
  const tools = openGateTools(settings);
  const { runner, workspace, grants, clock } = settings;
  const warming = settings.warm === undefined ? undefined : openWarming(tools, settings.warm);

  return {
    ready: async () => undefined,
    describe(uses) {
      const { worker, action } = runner.resolve(uses);
      const called = calledVersions({ worker, action }, runner);
      return {
        ...traitsOf(action),
        ...(worker.builtIn ? {} : { version: worker.manifest.version }),
        ...(Object.keys(called).length === 0 ? {} : { called }),
      };
    },
    async perform(call, signal, observer) {
      try {
        const found = runner.resolve(call.uses);
        const data = await tools.dataFolder(found.worker.manifest.id);
        const subject = describeSubject(found, call, { workspace, home: tools.home, data });
        return await performCall(subject, signal, observer, tools, {
          begun: (performed) => warming?.note(performed),
        });
      } catch (error) {
        if (!isCadreError(error)) throw error;
        return { outcome: { ok: false, failure: toFailure(error) }, effects: [] };
      } finally {
        // Part of no run, so it is over with its call.
        if (call.loose === true) {
          await tools.streams.remove(call.run);
          await forgetAnswers(call.run, grants, clock);
        }
      }
    },
    warm: async (worker) => warming?.warm(worker, tools.dataFolder),
    prioritise: (run, priorityOf) => runner.prioritise(run, priorityOf),
    async endRun(run) {
      await tools.scratch.remove(run);
      await tools.streams.remove(run);
      await forgetAnswers(run, grants, clock);
    },
  };
}

function traitsOf(action: ActionManifest): ActionTraits {
  const handles = Object.keys(artifactsOf(action.input));
  return {
    repeatable: !changesAnything(action) || action.idempotent === true,
    class: action.class ?? 'io',
    ...(action.timeout === undefined ? {} : { timeoutMs: parseDuration(action.timeout) }),
    ...(handles.length === 0 ? {} : { handles }),
  };
}

function toFailure({ code, message, hint }: CadreError): Failure {
  return failure(code, message, hint === undefined ? {} : { hint });
}
