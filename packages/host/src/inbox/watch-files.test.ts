import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InboxProcess, type InboxWorld, MINUTE, openInboxWorld } from './testing/inbox-world.ts';

let world: InboxWorld;
beforeEach(() => {
  world = openInboxWorld();
});
afterEach(() => world.close());

async function batches({ store, inbox }: InboxProcess) {
  const all = await Promise.all((await inbox.history({})).map(({ id }) => store.firings.find(id)));
  return all
    .reverse()
    .map((firing) =>
      (firing?.event['files'] as { path: string; change: string }[]).map(
        ({ path, change }) => `${path} ${change}`,
      ),
    );
}

test('[WRK-79] changes that come close to each other are one batch, told when nothing has changed for a while', async () => {
  world.declare('docs', 'on: { watch: { paths: ["**/*.md"], debounce: 300ms } }');
  const process = await world.process();
  await world.pass(1);
  process.change('a.md', 'added');
  await world.pass(200);
  process.change('b.md');
  process.change('a.md', 'changed');
  process.change('c.md', 'removed');
  process.change('c.md', 'added');
  await world.pass(299);
  expect(await process.inbox.history({})).toEqual([]);
  await world.pass(2);
  expect(await batches(process)).toEqual([['a.md added', 'b.md changed', 'c.md changed']]);
});

test('[WRK-79] what never stops changing is told all the same', async () => {
  world.declare('docs', 'on: { watch: "**/*.md" }');
  const process = await world.process();
  await world.pass(1);
  for (let passed = 0; passed < 10_500; passed += 250) {
    process.change('a.md');
    await world.pass(250);
  }
  expect(await process.inbox.history({})).toHaveLength(1);
});

test('[WRK-79] what a run of the trigger writes does not fire it again, and what somebody else writes meanwhile does', async () => {
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  world.declare('docs', 'on: { watch: "**/*.md" }');
  const process = await world.process({
    scripts: {
      'sample/a': {
        perform: () => done.then(() => ({ ok: true as const, output: null })),
        effects: [
          { kind: 'file', change: 'modified', path: 'a.md' },
          { kind: 'file', change: 'created', path: 'made' },
        ],
      },
    },
  });
  await world.pass(1);
  process.change('a.md');
  await world.pass(600);
  process.change('a.md');
  process.change('made/deep/x.md', 'added');
  process.change('other.md');
  await world.pass(2_000);
  expect(await batches(process)).toHaveLength(1);
  finish();
  await world.pass(5_000);
  expect(await batches(process)).toEqual([['a.md changed'], ['other.md changed']]);
  process.change('a.md');
  await world.pass(MINUTE);
  expect((await batches(process)).at(-1)).toEqual(['a.md changed']);
});

test('[WRK-79] a rule fires ten times a minute and not more', async () => {
  world.declare('docs', 'on: { watch: "**/*.md" }\noverlap: allow');
  const process = await world.process();
  await world.pass(1);
  for (let index = 0; index < 12; index++) {
    process.change(`${index}.md`);
    await world.pass(600);
  }
  const skipped = await process.inbox.history({ status: ['skipped'] });
  expect(skipped).toMatchObject([{ failure: { code: 'loop_guard' } }, { failure: { code: 'loop_guard' } }]);
  await world.pass(MINUTE);
  process.change('later.md');
  await world.pass(600);
  expect((await process.inbox.history({ limit: 1 }))[0]?.status).not.toBe('skipped');
});

test('of many processes one watches, and when it ends another one does', async () => {
  world.declare('docs', 'on: { watch: "**/*.md" }');
  const [one, two] = [await world.process(), await world.process()];
  await world.pass(1);
  for (const process of [one, two]) process.change('a.md');
  await world.pass(600);
  expect(await one.inbox.history({})).toHaveLength(1);
  const [first, second] =
    (await one.store.leases.find('watch:docs'))?.holder === one.holder.holder ? [one, two] : [two, one];
  await first.inbox.end();
  await world.pass(MINUTE);
  second.change('b.md');
  await world.pass(600);
  expect(await two.inbox.history({})).toHaveLength(2);
});
