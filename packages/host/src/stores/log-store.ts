import { CadreError } from '@cadre/core/history';
import type { LogStore } from '../ports/log-store.ts';
import type { Database } from './database.ts';
import { appendLines, READ_LINES, readLine } from './sql/logs.ts';

const PAGE = 10_000;

export function createLogStore(database: Database): LogStore {
  return {
    async append(run, lines) {
      if (lines.length === 0) return;
      const written = await database.write(() => appendLines(run, lines), 'logs');
      if (!written) throw new CadreError('run_not_found', `there is no run ${run}`);
    },
    read: async (run, after, limit = PAGE) =>
      (await database.read(READ_LINES, [run, after, limit])).map(readLine),
  };
}
