import { userInfo } from 'node:os';
import { CadreError, exactText, isCadreError } from '@cadre/core/history';
import { openTrust, trustEntry } from '../../open-trust.ts';
import type { TrustDecision } from '../../ports/trust.ts';
import { type WantedTrust, wantedTrust } from '../../wanted-trust.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { findPlace } from '../open-workspace.ts';
import type { Output } from '../output.ts';
import { askedOr, openQuestions } from '../questions.ts';
import { printTable } from '../show/table.ts';
import { withRecords } from '../with-app.ts';

/** Fewer characters of the digest could be found for other settings by trying. */
const LEAST_DIGEST = 16;

export const showTrust: CommandHandler = async (invocation) => {
  const { output } = invocation;
  const wanted = await wantedHere(invocation);
  output.document({ wanted: wanted ?? null });
  if (wanted === undefined) {
    output.line('The settings of this repository widen nothing: there is nothing to trust.');
    return EXIT.ok;
  }
  print(wanted, output);
  return EXIT.ok;
};

export const addTrust: CommandHandler = async (invocation) => {
  const { output, io, options } = invocation;
  const wanted = await wantedHere(invocation);
  if (wanted === undefined) {
    output.document({ wanted: null });
    output.line('The settings of this repository widen nothing: there is nothing to trust.');
    return EXIT.ok;
  }
  const decision = options['without'] === true ? 'without' : 'trusted';
  if (decision === 'trusted') {
    const { accept } = options;
    if (typeof accept === 'string') requireSame(accept, wanted);
    else if (!io.interactive) {
      throw usageError(
        'nobody can be asked whether these settings are to count',
        `cadre trust show, then cadre trust add --accept ${wanted.digest.slice(0, LEAST_DIGEST)}`,
      );
    } else {
      print(wanted, output);
      const questions = await openQuestions(io);
      if (!(await askedOr(questions.yes('Let all of this count, as it is now?', false), false))) {
        output.line('Nothing was decided.');
        return EXIT.failed;
      }
    }
  }
  await decide(invocation, wanted, decision);
  output.document({ root: wanted.root, digest: wanted.digest, decision });
  output.line(
    decision === 'trusted'
      ? 'These settings count from now on, until they change; take it back: cadre trust remove'
      : 'These settings do not count, and the work goes on without them; take it back: cadre trust remove',
  );
  return EXIT.ok;
};

export const listTrust: CommandHandler = async (invocation) => {
  const decisions = await openTrust(invocation.io).list();
  invocation.output.document({ decisions });
  if (decisions.length === 0) invocation.output.line('No repository was decided about.');
  const rows = decisions.map(({ root, decision, by, at }) => [
    exactText(root),
    decision,
    by,
    new Date(at).toISOString(),
  ]);
  printTable(['workspace', 'decision?', 'by?', 'since?'], rows, invocation.output);
  return EXIT.ok;
};

export const removeTrust: CommandHandler = async (invocation) => {
  const { root } = await placeOf(invocation);
  const [named = root] = invocation.arguments;
  // Recorded while the settings still say where the record is kept; changed ones say nothing any more.
  await note(invocation, named, 'taken back').catch((error: unknown) => {
    if (!isCadreError(error) || error.code !== 'not_trusted') throw error;
  });
  if (!(await openTrust(invocation.io).remove(named))) {
    throw new CadreError('not_found', `nothing was decided about ${named}`, { hint: 'cadre trust list' });
  }
  invocation.output.document({ removed: named });
  invocation.output.line(`${exactText(named)} is asked about again`);
  return EXIT.ok;
};

const placeOf = ({ global, io }: Invocation) => findPlace(global.workspace ?? '.', io.cwd);

async function wantedHere(invocation: Invocation): Promise<WantedTrust | undefined> {
  return wantedTrust({ place: await placeOf(invocation), env: invocation.io.env });
}

function print({ says, digest, decision }: WantedTrust, output: Output): void {
  const { bold, dim } = output.colours;
  output.line(bold('If the settings of this repository count:'));
  for (const one of says) output.line(`  • ${one}`);
  output.line(dim(`  content ${digest}`));
  output.line(
    decision === undefined
      ? 'Nothing of it counts yet: cadre trust add, or cadre trust add --without to go on without it.'
      : decision === 'trusted'
        ? 'They count: you trust them as they are.'
        : 'They do not count: you go on without them.',
  );
}

function requireSame(accepted: string, { digest }: WantedTrust): void {
  if (accepted.length >= LEAST_DIGEST && digest.startsWith(accepted)) return;
  throw usageError(
    `the settings are not those that were accepted: their content is ${digest}`,
    'cadre trust show',
  );
}

async function decide(
  invocation: Invocation,
  { root, digest }: WantedTrust,
  decision: TrustDecision['decision'],
): Promise<void> {
  await openTrust(invocation.io).put({ root, digest, decision, by: person(), at: Date.now() });
  await note(invocation, root, decision);
}

const note = (invocation: Invocation, root: string, decision: TrustDecision['decision'] | 'taken back') =>
  withRecords(invocation, async ({ audit, clock }) => {
    await audit.append(
      trustEntry({ root, decision, by: person(), at: clock.now() }, 'asked for at the command line'),
    );
  });

const person = () => `user:${userInfo().username}`;
