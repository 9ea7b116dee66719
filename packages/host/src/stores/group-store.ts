import type { GroupStore } from '../ports/group-store.ts';
import { change, type Database, query } from './database.ts';
import { enterGroup, FIRST_OF_GROUP, LEAVE_GROUP } from './sql/groups.ts';

export function createGroupStore(database: Database): GroupStore {
  return {
    enter: (group, run, entering) => database.write(() => enterGroup(group, run, entering)),
    async isFirst(group, run, now) {
      const [row] = await database.read(FIRST_OF_GROUP, [group, now]);
      // Nobody stands there: it has left, or its row was lost with a store that was put back.
      return row === undefined || row['run'] === run;
    },
    async first(group, now) {
      const [row] = await database.read(FIRST_OF_GROUP, [group, now]);
      return row === undefined ? undefined : String(row['run']);
    },
    leave: (group, run, now) =>
      database.write(function* () {
        yield change(LEAVE_GROUP, group, run);
        const [row] = (yield query(FIRST_OF_GROUP, group, now)).rows;
        return row === undefined ? undefined : String(row['run']);
      }),
  };
}
