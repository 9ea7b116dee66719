import { userInfo } from 'node:os';
import { CadreError } from '@cadre/core/errors';
import type { AppOptions } from './app-options.ts';
import { openTrust } from './open-trust.ts';
import type { TrustDecision } from './ports/trust.ts';
import { digestOfWidening, type Widening } from './widening.ts';

/**
 * What the person has decided of these settings, or decides now. Throws `not_trusted` where nobody can be asked, and when the answer
 * is no: then nothing was done yet.
 */
export async function settleTrust(
  options: AppOptions,
  origin: string,
  widening: readonly Widening[],
): Promise<{ readonly decision: TrustDecision['decision']; readonly isNew: boolean }> {
  const { root } = options.place;
  const digest = digestOfWidening(widening);
  const workspaces = openTrust(options);
  const known = await workspaces.find(root, digest);
  if (known !== undefined) return { decision: known.decision, isNew: false };
  const file = origin.replace(/:\d+$/, '');
  const says = widening.flatMap((one) => one.says);
  const answer = await options.approver.askTrust?.({ root, file, digest, says });
  if (answer === undefined || answer === 'no') throw notTrusted(file, digest, widening);
  await workspaces.put({ root, digest, decision: answer, by: `user:${userInfo().username}`, at: Date.now() });
  return { decision: answer, isNew: true };
}

function notTrusted(file: string, digest: string, widening: readonly Widening[]): CadreError {
  const says = widening.flatMap((one) => one.says);
  return new CadreError(
    'not_trusted',
    `${file} asks for what a repository does not decide by itself: ${says.join('; ')}`,
    {
      hint: `cadre trust show; then cadre trust add --accept ${digest.slice(0, 16)}, or cadre trust add --without to go on without it`,
      details: { file, digest, settings: widening },
    },
  );
}
