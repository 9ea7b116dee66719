import type { AppOptions } from './app-options.ts';
import { openTrust } from './open-trust.ts';
import type { TrustDecision } from './ports/trust.ts';

/** What the settings of one workspace would widen, and what the person has said of it. */
export interface WantedTrust {
  readonly root: string;
  readonly digest: string;
  readonly says: readonly string[];
  readonly decision?: TrustDecision['decision'];
}

/** Undefined: they widen nothing. Throws what is wrong with the settings. */
export async function wantedTrust(
  options: Pick<AppOptions, 'place' | 'env'>,
): Promise<WantedTrust | undefined> {
  const [{ readWidening }, { digestOfWidening }] = await Promise.all([
    import('./settings.ts'),
    import('./widening.ts'),
  ]);
  const widening = await readWidening(options);
  if (widening.length === 0) return undefined;
  const { root } = options.place;
  const digest = digestOfWidening(widening);
  const known = await openTrust(options).find(root, digest);
  return {
    root,
    digest,
    says: widening.flatMap(({ says }) => says),
    ...(known === undefined ? {} : { decision: known.decision }),
  };
}

/** What the person changes by Cadre's own command stays trusted: it is the person who says it. */
export async function keepTrust<T>(
  options: Pick<AppOptions, 'place' | 'env'>,
  by: string,
  change: () => Promise<T>,
): Promise<T> {
  const before = await wantedTrust(options);
  const changed = await change();
  if (before !== undefined && before.decision !== 'trusted') return changed;
  const after = await wantedTrust(options);
  if (after !== undefined && after.digest !== before?.digest) {
    const { root, digest } = after;
    await openTrust(options).put({ root, digest, decision: 'trusted', by, at: Date.now() });
  }
  return changed;
}
