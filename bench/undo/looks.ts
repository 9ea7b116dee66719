import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../packages/host/src/clock.ts';
import { openSnapshots } from '../../packages/host/src/snapshots/open-snapshots.ts';

/** What keeping a workspace costs: the first look, and one before and after a step that changes nothing or everything. */
for (const files of [1_000, 10_000]) {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-looks-'));
  const workspace = join(folder, 'workspace');
  const write = (text: string) => {
    for (let file = 0; file < files; file++) {
      const place = join(workspace, `part-${file % (files / 10)}`);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, `${file}.ts`), `${text}${file}\n`.repeat(100));
    }
  };
  write('one');
  const dataDir = join(folder, 'data');
  const clock = systemClock();
  const snapshots = openSnapshots({ workspace, dataDir, without: [], keep: 10, clock });
  let run = 0;
  const measure = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = process.cpuUsage();
    const start = performance.now();
    const result = await work();
    const { user, system } = process.cpuUsage(from);
    const [wall, cpu] = [performance.now() - start, (user + system) / 1_000];
    console.log(`${files} files, ${name}: ${wall.toFixed(1)} ms, of them ${cpu.toFixed(1)} ms of processor`);
    return result;
  };
  const attempt = (name: string) =>
    measure(name, () => snapshots.open({ run: `run_${run}`, step: 'a', attempt: 1 }));
  const first = await attempt('first look');
  await measure('look after', () => first.close());
  // Times of change become certain after a moment; until then contents decide.
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (run = 1; run <= 3; run++) {
    const open = await attempt('unchanged, look before');
    await measure('unchanged, look after', () => open.close());
  }
  const open = await attempt('look before');
  write('two');
  await measure('everything changed, look after', () => open.close());
  await measure('what it changed', () => snapshots.changes(`run_${run}`));
  await measure('put back', () => snapshots.putBack(`run_${run}`, 'undo_1'));
  await snapshots.close();
  rmSync(folder, { recursive: true, force: true });
}
