import type { PinnedTool } from '@cadre/core';
import type { ActionManifest, EffectClass, JsonObject, JsonSchema, Manifest } from '@cadre/sdk';
import type { Tool } from '@modelcontextprotocol/server';
import type { Offer } from './offer.ts';
import type { OfferedTool, Served } from './offered-tool.ts';
import { answerFailure, answerWith, handOn } from './tool-answer.ts';

const OUTWARD: readonly EffectClass[] = ['publish', 'send', 'spend'];

/** Each action that is offered, as the tool `worker_action`. Of several versions of a worker the newest. */
export function actionTools(
  { workers, mcpServers, call }: Served,
  offer: Offer,
): ReadonlyMap<string, OfferedTool> {
  const tools = new Map<string, OfferedTool>();
  for (const { manifest } of workers.list()) {
    for (const action of manifest.actions) {
      const uses = `${manifest.id}/${action.name}`;
      if (!offer.action(uses, action.effects)) continue;
      const name = freeName(uses, tools);
      if (name === undefined) continue;
      // A tool of another server is handed on as it was accepted, and answers as it answered.
      const lock = mcpServers.find(manifest.id)?.lock;
      const pinned = lock?.tools.find((one) => one.action === action.name)?.tool;
      tools.set(name, {
        tool: { ...toolOf(name, manifest, action), ...(pinned === undefined ? {} : schemasOf(pinned)) },
        async call(input, client) {
          const outcome = await call(uses, input, client);
          if (!outcome.ok) return answerFailure(outcome.failure);
          return pinned === undefined ? answerWith(outcome.output) : handOn(outcome.output);
        },
      });
    }
  }
  return tools;
}

/** Clients take letters, digits, `_` and `-`. `a-b/c` and `a/b-c` would be one: the second keeps its hyphens. */
function freeName(uses: string, taken: ReadonlyMap<string, unknown>): string | undefined {
  return [uses.replaceAll(/[/-]/g, '_'), uses.replace('/', '_')].find((name) => !taken.has(name));
}

function toolOf(name: string, { id, permissions }: Manifest, action: ActionManifest): Tool {
  const isReading = action.effects.every((effect) => effect === 'none' || effect === 'read');
  const reaches = (action.permissions ?? permissions).some((text) => text.startsWith('net:'));
  return {
    name,
    title: action.title ?? `${id}/${action.name}`,
    description: action.description,
    inputSchema: asObject(action.input),
    // Clients check what they are promised, and the earlier protocol knows objects alone.
    ...(action.output['type'] === 'object' ? { outputSchema: asObject(action.output) } : {}),
    annotations: {
      readOnlyHint: isReading,
      destructiveHint: !isReading,
      idempotentHint: isReading || action.idempotent === true,
      openWorldHint: reaches || action.effects.some((effect) => OUTWARD.includes(effect)),
    },
    _meta: {
      'cadre.dev/uses': `${id}/${action.name}`,
      'cadre.dev/effects': [...action.effects],
      ...(action.cost === undefined ? {} : { 'cadre.dev/cost': action.cost }),
    },
  };
}

function schemasOf({ inputSchema, outputSchema }: PinnedTool['tool']): Partial<Tool> {
  return {
    inputSchema: asObject(inputSchema),
    outputSchema: outputSchema === undefined ? undefined : asObject(outputSchema),
  };
}

function asObject(schema: JsonSchema): Tool['inputSchema'] {
  return { ...(schema as JsonObject), type: 'object' };
}
