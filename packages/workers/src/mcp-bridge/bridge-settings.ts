import type { ActionContext, FetchText, JsonObject } from '@cadre/sdk';

/** What the host tells of the server: it stands in the settings of the worker. */
export interface BridgeSettings {
  readonly reach:
    | {
        readonly kind: 'stdio';
        readonly command: string;
        readonly args: readonly string[];
        readonly env: Readonly<Record<string, string>>;
      }
    | { readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> };
  /** The secret that a login there is, which this process never sees. */
  readonly login?: string;
  readonly timeoutMs: number;
  /** By action, the tool that was accepted for it, and as what. */
  readonly pins: Readonly<Record<string, { readonly tool: string; readonly hash: string }>>;
}

export const settingsOf = ({ config }: { readonly config: JsonObject }) =>
  config as unknown as BridgeSettings;

/** The values with the secrets that they name, each asked for anew: what was revoked is gone. */
export async function withSecrets(
  values: Readonly<Record<string, string>>,
  context: Pick<ActionContext, 'secret'>,
): Promise<Record<string, string>> {
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) filled[name] = await fill(value, context);
  return filled;
}

/** The same with references, which Cadre replaces when it makes the request. */
export function withReferences(
  values: Readonly<Record<string, string>>,
  context: Pick<ActionContext, 'secretReference'>,
): Record<string, FetchText> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const pieces = value.split(/\bsecret:([A-Za-z_]\w{0,63})/);
      const filled = pieces.map((piece, at) => (at % 2 === 0 ? piece : context.secretReference(piece)));
      return [name, filled.length === 1 ? value : filled];
    }),
  );
}

async function fill(value: string, context: Pick<ActionContext, 'secret'>): Promise<string> {
  let text = '';
  let at = 0;
  for (const { 0: reference, 1: name = '', index } of value.matchAll(/\bsecret:([A-Za-z_]\w{0,63})/g)) {
    text += value.slice(at, index) + (await context.secret(name));
    at = index + reference.length;
  }
  return text + value.slice(at);
}
