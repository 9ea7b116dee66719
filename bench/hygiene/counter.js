// Preloaded into `cadre` with --import: counts what the process does, and writes it down when it ends.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { StatementSync } from 'node:sqlite';

const counts = { processes: 0, filesRead: 0, filesLookedAt: 0, statements: 0 };

function count(object, name, key) {
  const original = object[name];
  object[name] = function (...given) {
    counts[key] += 1;
    return original.apply(this, given);
  };
}

count(childProcess.ChildProcess.prototype, 'spawn', 'processes');
for (const name of ['readFile', 'readFileSync']) count(fs, name, 'filesRead');
count(fs.promises, 'readFile', 'filesRead');
for (const name of ['lstatSync', 'statSync']) count(fs, name, 'filesLookedAt');
for (const name of ['lstat', 'stat']) count(fs.promises, name, 'filesLookedAt');
for (const name of ['run', 'all']) count(StatementSync.prototype, name, 'statements');
syncBuiltinESMExports();

const begun = process.cpuUsage();
process.on('exit', () => {
  const { user, system } = process.cpuUsage(begun);
  const cpuMs = (user + system) / 1000;
  fs.writeFileSync(process.env.CADRE_BENCH_COUNTS, JSON.stringify({ ...counts, cpuMs }));
});
