import { resolve } from 'node:path';
import { CadreError } from '@cadre/core';
import { type Inspected, REVIEW_POINTS } from '../../ports/package-facts.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { askedOr, openQuestions } from '../questions.ts';
import { formatProblem } from '../show/problems.ts';
import { provenanceText, reviewText } from '../show/provenance.ts';
import { withPackages } from './packages.ts';

/** As with `add`: a digest says what somebody has looked at. */
const LEAST_DIGEST = 12;

/** WRK-24: what a program can look at is looked at, the rest is asked for, and a statement of it signed. */
export const reviewWorker: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { io, output, options } = invocation;
    const [given = ''] = invocation.arguments;
    const archive = resolve(io.cwd, given);
    const inspected = await packages.inspect(archive);
    printInspected(inspected, given, invocation);
    if (options['sign'] !== true) {
      output.document({ ...inspected, points: REVIEW_POINTS });
      return EXIT.ok;
    }
    const { digest } = inspected;
    const faults = inspected.problems.filter(({ severity }) => severity === 'error');
    if (faults.length > 0) throw notSigned(given, 'it has faults, which are named above');
    const note = typeof options['note'] === 'string' ? options['note'] : undefined;
    if (note !== undefined && note.length > 2_000) throw usageError('--note has at most 2000 characters');
    const missing = await firstMissing(inspected, given, invocation);
    if (missing !== undefined) throw notSigned(given, `not: ${missing}`);
    const points = REVIEW_POINTS.map(({ id }) => id);
    const said = { digest, points, ...(note === undefined ? {} : { note }) };
    const { file, keyId } = await packages.signReview(archive, said);
    output.document({ ...inspected, signed: { file, keyId, points } });
    output.line(`\nsigned by ${keyId} in ${file}; give it along with the package`);
    return EXIT.ok;
  });

/** The first point that is not agreed to; undefined: all are. */
async function firstMissing(
  { digest }: Inspected,
  given: string,
  { io, options }: Invocation,
): Promise<string | undefined> {
  const accepted = options['accept'];
  if (typeof accepted === 'string') {
    if (accepted.length < LEAST_DIGEST)
      throw usageError(`--accept needs at least ${LEAST_DIGEST} characters of the digest`);
    if (digest.startsWith(accepted.toLowerCase())) return undefined;
    throw notSigned(given, 'its content is not the one that is accepted');
  }
  if (!io.interactive) {
    throw new CadreError('denied', `${given} was not signed: nobody could be asked`, {
      hint: `when you have looked at every point: cadre worker review ${given} --sign --accept ${digest.slice(0, 16)}`,
    });
  }
  const questions = await openQuestions(io);
  for (const { says } of REVIEW_POINTS) {
    if (!(await askedOr(questions.yes(`Have you made sure that ${says}?`, false), false))) return says;
  }
  return undefined;
}

function printInspected(inspected: Inspected, given: string, { output }: Invocation): void {
  const { id, version, digest, provenance, problems, reviews } = inspected;
  output.line(`${output.colours.bold(`${id} ${version}`)}`);
  output.line(`  content   ${digest}`);
  if (provenance !== undefined) output.line(`  made from ${provenanceText(provenance)}`);
  for (const review of reviews) output.line(`  reviewed  ${reviewText(review)}`);
  output.line('\nWhat a program can see');
  if (problems.length === 0) output.line('  nothing to complain of');
  for (const problem of problems) output.line(formatProblem(problem, given, output.colours));
  output.line('\nWhat a person has to make sure of');
  for (const { id: point, says } of REVIEW_POINTS) output.line(`  ${point.padEnd(13)}${says}`);
}

function notSigned(given: string, why: string): CadreError {
  return new CadreError('denied', `${given} was not signed: ${why}`, {
    hint: 'have its author mend that, and look at what comes of it',
  });
}
