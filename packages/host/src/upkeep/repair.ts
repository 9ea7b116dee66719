import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCadreError } from '@cadre/core';
import { isRunning } from '@cadre/kit/files';
import type { Engine } from '../engine/engine.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease, LeaseStore } from '../ports/lease-store.ts';
import type { RunStore } from '../ports/store.ts';
import type { Upkeep } from '../ports/upkeep.ts';
import { removeStreams } from './remove-streams.ts';

/** One thing that was found. `left`: it cannot be mended, and says what a person has to do. */
export interface Mend {
  readonly what: 'lease' | 'removal' | 'definition' | 'folder' | 'run';
  readonly target: string;
  readonly done: 'mended' | 'left';
  readonly sentence: string;
}

export interface RepairOptions {
  readonly engine: Pick<Engine, 'recover' | 'settled' | 'get'>;
  readonly runs: Pick<RunStore, 'find' | 'list' | 'getDefinition'>;
  readonly leases: Pick<LeaseStore, 'list' | 'release'>;
  readonly upkeep: Pick<Upkeep, 'finishRemovals'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  readonly isDead: (lease: Lease) => boolean;
  readonly dataDir: string;
  readonly principal: string;
}

/**
 * Mends what can be mended without anybody's judgement.
 *
 * Invariants
 * 1. Nothing of a process that may live is touched.
 * 2. Every mend is named in the answer and in the audit chain; what is left alone is named in the answer.
 */
export async function repair(options: RepairOptions): Promise<readonly Mend[]> {
  const found = [
    // Leases of runs are taken by whoever goes on with the run, which needs to know who held it.
    ...(await releaseDead(options)),
    ...(await finishRemovals(options)),
    ...(await removeOrphans(options)),
    ...(await findMissingDefinitions(options)),
    ...(await goOn(options)),
  ];
  for (const mend of found) {
    if (mend.done !== 'mended') continue;
    await options.audit.append({
      at: options.clock.now(),
      principal: options.principal,
      worker: 'cadre',
      action: 'repair',
      operation: mend.what,
      target: mend.target,
      decision: 'allowed',
      rule: 'cadre doctor --repair',
      outcome: mend.sentence,
    });
  }
  return found;
}

async function releaseDead({ leases, isDead }: RepairOptions): Promise<Mend[]> {
  const dead = (await leases.list()).filter((lease) => isDead(lease) && !lease.name.startsWith('run:'));
  const mends: Mend[] = [];
  for (const { name, token, pid, host } of dead) {
    await leases.release(name, token);
    const sentence = `process ${pid} on ${host}, which held it, has ended: released`;
    mends.push({ what: 'lease', target: name, done: 'mended', sentence });
  }
  return mends;
}

async function finishRemovals({ upkeep }: RepairOptions): Promise<Mend[]> {
  const count = await upkeep.finishRemovals();
  if (count === 0) return [];
  const sentence = `${count} removals of runs had been cut off: finished`;
  return [{ what: 'removal', target: 'store', done: 'mended', sentence }];
}

/** `PID-START-RUN`: a copy of the workspace, in which a process rehearsed a plan. */
const SCRATCH = /^(\d+)-([^-]+)-/;
/** What moving and restoring leave when they are cut off. */
const STAGED = /\.(moving|staged)(-wal|-shm|-journal)?$/;

async function removeOrphans({ dataDir, leases, isDead, runs, clock }: RepairOptions): Promise<Mend[]> {
  const mends: Mend[] = [];
  const remove = async (folder: string, name: string, sentence: string) => {
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 });
    mends.push({ what: 'folder', target: name, done: 'mended', sentence });
  };
  const scratch = join(dataDir, 'scratch');
  for (const name of await readdir(scratch).catch(() => [])) {
    const [, pid, start] = SCRATCH.exec(name) ?? [];
    if (pid === undefined || start === undefined || (await isRunning(Number(pid), start))) continue;
    await remove(scratch, name, 'a plan was rehearsed in it by a process that has ended: removed');
  }
  for (const run of await removeStreams(dataDir, runs, clock.now())) {
    const sentence = 'streams of bytes of a run that is over lay in it: removed';
    mends.push({ what: 'folder', target: run, done: 'mended', sentence });
  }
  // Whoever moves or restores at this moment holds the lease for it.
  const moving = (await leases.list()).some((lease) => lease.name === 'data' && !isDead(lease));
  for (const name of moving ? [] : await readdir(dataDir)) {
    if (STAGED.test(name))
      await remove(dataDir, name, 'half a store, left by a move or restore that was cut off: removed');
  }
  return mends;
}

/** A run goes on by the definition that it began with, and by no other: somebody has to decide. */
async function findMissingDefinitions({ runs }: RepairOptions): Promise<Mend[]> {
  const mends: Mend[] = [];
  const known = new Map<string, boolean>();
  let cursor: string | undefined;
  do {
    const page = await runs.list({
      status: ['queued', 'running', 'waiting', 'cancelling'],
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id, definition } of page.runs) {
      const isThere = known.get(definition) ?? (await hasDefinition(runs, definition));
      known.set(definition, isThere);
      if (isThere) continue;
      const sentence = `its definition ${definition} is lost: restore a backup (cadre data restore), or cancel it`;
      mends.push({ what: 'definition', target: id, done: 'left', sentence });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return mends;
}

async function hasDefinition(runs: RepairOptions['runs'], hash: string): Promise<boolean> {
  try {
    await runs.getDefinition(hash);
    return true;
  } catch (error) {
    if (isCadreError(error) && error.code === 'not_found') return false;
    throw error;
  }
}

/** Runs that nobody holds, with waits whose child is over, and attempts whose process died. */
async function goOn({ engine }: RepairOptions): Promise<Mend[]> {
  const mends: Mend[] = [];
  for (const run of await engine.recover()) {
    try {
      const { status } = await engine.settled(run);
      // One that waits for a person needs nobody to hold it.
      if (status === 'waiting') continue;
      const sentence = `nobody held it: it went on and is ${status.replace('_', ' ')} now`;
      mends.push({ what: 'run', target: run, done: 'mended', sentence });
    } catch (error) {
      if (!isCadreError(error)) throw error;
      mends.push({ what: 'run', target: run, done: 'left', sentence: error.message });
    }
  }
  return mends;
}
