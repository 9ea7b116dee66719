import { type Connection, run } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { seal } from './sqlite-seal.ts';

/** Makes the tables of a file those that this Cadre knows. Apart from the file, so that no start loads the migrations for nothing. */
export function bringUpToDate(connection: Connection, name: string): void {
  connection.begin();
  try {
    // Nothing is left to do where another process was first.
    run(connection, migrate({ name, dialect: 'sqlite' }));
    run(connection, seal());
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}
