import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { CadreError } from '@cadre/core';
import type { Database } from './database.ts';
import type { Dialect } from './dialect.ts';
import { isEmpty } from './move-store.ts';
import { parsePostgresAddress } from './postgres-address.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { openSessions } from './postgres-sessions.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

/**
 * Where a store is moved to.
 *
 * Invariants
 * 1. It is built under another name (`…moving`) and gets its own in one step when it is complete: a move that was cut off
 *    leaves nothing that could be taken for a store, and the next one begins anew.
 * 2. A store that holds anything is never replaced.
 */
export interface MoveTarget {
  readonly dialect: Dialect;
  readonly place: string;
  /** Throws `exists` when there is something already. */
  checkFree(): Promise<void>;
  /** Empty, whatever an earlier move has left. */
  open(): Promise<Database>;
  /** The store takes its place. Call it after the database has been closed. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const COMPANIONS = ['', '-wal', '-shm'];

export function sqliteTarget(path: string): MoveTarget {
  const moving = `${path}.moving`;
  const remove = async (file: string) => {
    for (const end of COMPANIONS) await rm(file + end, { force: true });
  };
  return {
    dialect: 'sqlite',
    place: path,
    async checkFree() {
      if (!existsSync(path)) return;
      const present = await openSqliteDatabase(path);
      try {
        if (!(await isEmpty(present))) throw taken(path);
      } finally {
        await present.close();
      }
    },
    async open() {
      await remove(moving);
      return openSqliteDatabase(moving);
    },
    async finish() {
      await remove(path);
      await rename(moving, path);
    },
    close: async () => undefined,
  };
}

export function postgresTarget(url: string, schema: string): MoveTarget {
  const address = parsePostgresAddress(url, schema);
  const moving = { ...address, schema: `${schema}_moving` };
  const admin = openSessions(address);
  return {
    dialect: 'postgres',
    place: address.name,
    async checkFree() {
      const { rows } = await admin.askAsIs("SELECT to_regclass('runs') IS NOT NULL AS made");
      if (rows[0]?.made !== true) return;
      const present = await openPostgresDatabase(admin, address);
      if (!(await isEmpty(present))) throw taken(address.name);
    },
    async open() {
      await admin.askAsIs(`DROP SCHEMA IF EXISTS ${moving.schema} CASCADE`);
      return openPostgresDatabase(openSessions(moving), moving);
    },
    async finish() {
      await admin.transactAgain(async (client) => {
        const { rows } = await client.query('SELECT to_regnamespace($1) AS moving', [moving.schema]);
        if (rows[0]?.moving === null) return;
        await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
        await client.query(`DROP SCHEMA IF EXISTS ${schema}_work CASCADE`);
        await client.query(`ALTER SCHEMA ${moving.schema} RENAME TO ${schema}`);
      });
    },
    close: () => admin.close(),
  };
}

function taken(place: string): CadreError {
  return new CadreError('exists', `${place} holds runs, grants or audit records already`, {
    hint: 'name another schema (store.schema) or database, or move that store away first',
  });
}
