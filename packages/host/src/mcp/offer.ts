import { CadreError, globCovers } from '@cadre/core';
import type { EffectClass } from '@cadre/sdk';

/** Which of what Cadre can do a client may see and use. */
export interface Offer {
  action(uses: string, effects: readonly EffectClass[]): boolean;
  /** `run`: for real · `plan`: as a plan only · undefined: not at all. */
  workflow(name: string): 'run' | 'plan' | undefined;
  run(what: 'read' | 'cancel' | 'answer'): boolean;
}

const HARMLESS: ReadonlySet<EffectClass> = new Set(['none', 'read']);

/**
 * The rules of the setting `mcp.tools`: `read:GLOB` and `action:GLOB` name actions, `plan:GLOB` and `workflow:GLOB` workflows,
 * `run:read`, `run:cancel` and `run:answer` what may be done with runs. Throws `config_invalid`.
 */
export function readOffer(rules: readonly string[]): Offer {
  const named = rules.map((rule) => {
    const at = rule.indexOf(':');
    return { kind: rule.slice(0, at), glob: rule.slice(at + 1), rule };
  });
  const wrong = named.find(({ kind, glob }) => glob === '' || !isRule(kind, glob));
  if (wrong !== undefined) {
    throw new CadreError('config_invalid', `mcp.tools: ${wrong.rule} says nothing that could be offered`, {
      hint: 'write read:GLOB, action:GLOB, plan:GLOB, workflow:GLOB, run:read, run:cancel or run:answer',
    });
  }
  const has = (kind: string, name: string) =>
    named.some((one) => one.kind === kind && globCovers(one.glob, name));
  return {
    action: (uses, effects) =>
      has('action', uses) || (effects.every((effect) => HARMLESS.has(effect)) && has('read', uses)),
    workflow(name) {
      if (has('workflow', name)) return 'run';
      return has('plan', name) ? 'plan' : undefined;
    },
    run: (what) => has('run', what),
  };
}

function isRule(kind: string, glob: string): boolean {
  if (kind === 'run') return ['read', 'cancel', 'answer', '*'].includes(glob);
  return ['read', 'action', 'plan', 'workflow'].includes(kind);
}
