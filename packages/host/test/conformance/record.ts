/**
 * Writes the expected journals of the conformance suite anew, from runs on SQLite: `node record.ts [case …]`. Look at what
 * changed, line by line: what is written here is what the language means.
 */
import { writeFileSync } from 'node:fs';
import { journalText } from './journal-text.ts';
import { openPlay } from './open-play.ts';
import { playCase } from './play-case.ts';
import { readCases } from './read-cases.ts';

const wanted = process.argv.slice(2);
for (const given of readCases()) {
  if (wanted.length > 0 && !wanted.includes(given.name)) continue;
  const play = await openPlay([given]);
  try {
    writeFileSync(given.expected, journalText(await playCase(play, given), given.story));
  } catch (error) {
    console.error(given.name, error);
    process.exitCode = 1;
  } finally {
    await play.world.close();
  }
}
