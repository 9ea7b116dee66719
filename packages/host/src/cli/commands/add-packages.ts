import { CadreError, isCadreError, nameOfRequirement, type PackageKind, plainText } from '@cadre/core';
import type { LockedPackage, LookedInto, Offer } from '../../ports/packages.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { askedOr, openQuestions } from '../questions.ts';
import { printOffer } from '../show/offer.ts';
import { type FetchedPackage, type Fetching, fetchNamed, fetchPackage } from './fetch-package.ts';
import { heldByOther } from './held-by-other.ts';
import { withPackages } from './packages.ts';

const add =
  (kind: PackageKind): CommandHandler =>
  (invocation) =>
    withPackages(invocation, async (packages, app) => {
      const { output, options } = invocation;
      const isLocked = options['locked'] === true;
      const wanted = isLocked ? await packages.missing() : invocation.arguments.map((source) => ({ source }));
      if (wanted.length === 0) {
        if (!isLocked) throw usageError('nothing is named that could be added', `cadre ${kind} add FILE`);
        output.document({ added: [] });
        output.line('everything that the lock names is installed');
        return EXIT.ok;
      }
      const fetching = { invocation, packages, app };
      const found: Found[] = [];
      try {
        for (const one of wanted)
          found.push(await look(await fetchPackage(kind, one, fetching), one, fetching));
        const added: LockedPackage[] = [];
        const leased = await app.holdLease('packages');
        if (!leased.ok) throw heldByOther();
        try {
          for (const one of requiredFirst(found)) added.push(...(await addWhole(one, found, fetching)));
        } finally {
          await leased.release();
        }
        output.document({ added });
        return EXIT.ok;
      } finally {
        for (const { fetched } of found) await fetched.remove();
      }
    });

export const addWorker = add('worker');
export const addSkill = add('skill');

interface Found {
  readonly fetched: FetchedPackage;
  readonly about: LookedInto;
  /** As it was asked for. */
  readonly source: string;
  readonly expected?: LockedPackage;
}

async function look(
  fetched: FetchedPackage,
  about: { readonly source: string; readonly expected?: LockedPackage },
  { packages }: Fetching,
): Promise<Found> {
  try {
    return { fetched, about: await packages.lookInto(fetched.archive), ...about };
  } catch (error) {
    await fetched.remove();
    throw error;
  }
}

/** Each after those of the others that it requires; where they go round, as they were named. */
function requiredFirst(found: readonly Found[]): readonly Found[] {
  const sorted: Found[] = [];
  const begun = new Set<Found>();
  const visit = (one: Found) => {
    if (begun.has(one)) return;
    begun.add(one);
    for (const { kind, id } of one.about.requires)
      for (const other of found) if (other.about.kind === kind && other.about.id === id) visit(other);
    sorted.push(one);
  };
  for (const one of found) visit(one);
  return sorted;
}

/**
 * One package, and before it what it requires and a catalogue has. If it is not installed in the end, nothing is that came along with
 * it.
 */
async function addWhole(
  one: Found,
  named: readonly Found[],
  fetching: Fetching,
): Promise<readonly LockedPackage[]> {
  const { packages, invocation } = fetching;
  const along: Found[] = [];
  const added: { readonly installed: LockedPackage; readonly isNew: boolean }[] = [];
  try {
    if (one.expected === undefined) await bringAlong(one, along, named, fetching);
    for (const each of [...requiredFirst(along), one]) added.push(await addOne(each, one, fetching));
    return added.map(({ installed }) => installed);
  } catch (error) {
    for (const { installed, isNew } of added.reverse()) {
      if (!isNew) continue;
      await packages.remove(installed, true);
      invocation.output.note(
        `${installed.id} ${installed.version} was taken out again: it came along with ${one.about.id}`,
      );
    }
    throw error;
  } finally {
    for (const { fetched } of along) await fetched.remove();
  }
}

/** Adds to `along` what is missing, each after what it requires in turn. What no catalogue has is told of when it is installed. */
async function bringAlong(
  one: Found,
  along: Found[],
  named: readonly Found[],
  fetching: Fetching,
): Promise<void> {
  const { packages, invocation } = fetching;
  const tried = new Set<string>();
  for (;;) {
    const faults = await packages.lacking(
      one.about,
      [...along, ...named].map(({ about }) => about),
    );
    const missing = faults
      .filter(({ kind }) => kind === 'missing')
      .map(({ wanted }) => wanted)
      .find((wanted) => !tried.has(nameOfRequirement(wanted)));
    if (missing === undefined) return;
    tried.add(nameOfRequirement(missing));
    try {
      const fetched = await fetchNamed(missing, fetching);
      const found = await look(fetched, { source: fetched.source }, fetching);
      along.unshift(found);
      invocation.output.line(
        `${one.about.id} requires the ${nameOfRequirement(missing)}: ${found.about.version} comes along from ${plainText(fetched.source)}`,
      );
    } catch (error) {
      if (!isCadreError(error) || error.code !== 'not_found') throw error;
    }
  }
}

/** `named`: what was asked for, on whose behalf this one is added. */
async function addOne(
  { fetched, expected, about }: Found,
  named: Found,
  { invocation, packages }: Fetching,
): Promise<{ readonly installed: LockedPackage; readonly isNew: boolean }> {
  const { io, options, output } = invocation;
  const result = await packages.add({
    archive: fetched.archive,
    source: fetched.source,
    decide: (offer) => decide(offer, invocation),
    ...(expected === undefined ? {} : { expected }),
    ...(options['override'] === true ? { override: true } : {}),
  });
  if (!result.ok) throw declined(result.offer, again(named, result.offer, invocation), io.interactive);
  output.line(`${about.id} ${about.version} is installed; commit .cadre/workers.lock.json`);
  return result;
}

/** The same once more, agreeing to this one too. */
function again({ about, source, expected }: Found, { digest }: Offer, { options }: Invocation): string {
  const accepted = typeof options['accept'] === 'string' ? `${options['accept']},` : '';
  const what = expected === undefined ? source : '--locked';
  const from = typeof options['from'] === 'string' ? ` --from ${options['from']}` : '';
  return `cadre ${about.kind} add ${what}${from} --accept ${accepted}${digest.slice(0, 16)}`;
}

/** A digest says to what somebody agreed; `yes` would agree to whatever comes. */
const LEAST_DIGEST = 12;

async function decide(offer: Offer, { io, output, options }: Invocation): Promise<boolean> {
  const accepted = options['accept'];
  if (typeof accepted === 'string') {
    const digests = accepted.toLowerCase().split(',');
    if (digests.some((one) => one.length < LEAST_DIGEST))
      throw usageError(`--accept needs at least ${LEAST_DIGEST} characters of the digest`);
    return digests.some((one) => offer.digest.startsWith(one));
  }
  printOffer(offer, output);
  if (!io.interactive) return false;
  const questions = await openQuestions(io);
  return askedOr(questions.yes(`Install ${offer.id} ${offer.version}?`, false), false);
}

function declined({ id, version, reasons }: Offer, command: string, wasAsked: boolean): CadreError {
  const what = `${id} ${version} was not installed`;
  if (wasAsked) return new CadreError('denied', `${what}: it was declined`, { hint: 'nothing has changed' });
  return new CadreError(
    'denied',
    `${what}: ${reasons.map(plainText).join('; ')}, and nobody could be asked`,
    { hint: `when you have looked at it: ${command}` },
  );
}
