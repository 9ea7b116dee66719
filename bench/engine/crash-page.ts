import type { Count, Row } from './crash-cells.ts';
import type { Worse } from './worse-things.ts';

export interface Results {
  readonly sqlite: readonly Row[];
  /** Empty where there was no server. */
  readonly postgres: readonly Row[];
  readonly worse: readonly Worse[];
}

/** `docs/crash-matrix.md`. */
export function crashPage({ sqlite, postgres, worse }: Results): string {
  const rows = sqlite.map((row, index) => {
    const other = postgres[index];
    const cells = [row.name, row.appends, cell(row.before), cell(row.after)];
    const others =
      other === undefined ? ['–', '–', '–'] : [other.appends, cell(other.before), cell(other.after)];
    return `| ${[...cells, ...others].join(' | ')} |`;
  });
  const all = [...sqlite, ...postgres];
  const sum = (of: (count: Count) => number) =>
    all.reduce((total, { before, after }) => total + of(before) + of(after), 0);
  const wrong = all.flatMap((row) => row.wrong.map((line) => `- ${line.split('\n')[0]}`));
  return `# What a crash leaves

Made by \`npm run crash-matrix\` from runs that it makes itself; do not edit. ${sum(({ kept }) => kept)} kills were kept, ${sum(({ wrong: count }) => count)} were not,
in ${sum(({ missed }) => missed)} the case was over before the kill.

## Kills at appends

Each row is a case of the conformance suite (\`packages/host/test/conformance/cases\`): a workflow, and what people do with it. A process
that plays it dies at one of its appends to the journal: *before* what it appends is written, or *after* it was committed and before it
hears of it. From then on nothing of that process goes on. Another process takes over, people repeat what they cannot know to have
arrived, and the case is played to its end. On PostgreSQL the claims of the dead process are made to lapse at once instead of
after ten seconds. A kill is **kept** when

- every run and every step ends as it does without a kill, with the same outputs,
- what had been appended is still there, and the numbers go on without a gap,
- no step whose success had been appended was performed again, and no attempt was performed twice.

An action that may not be repeated without asking waits for a person when its process died; here that person says *again*. An attempt
that was to be ended with the time of its run counts as ended, whether it timed out or was cancelled with its process.

*3 of 3* means that three kills were made and all were kept. On each store a case has as many appends as its commits take together, and
where there are more than were asked for, those killed are spread evenly.

| Case | SQLite: appends | killed before | killed after | PostgreSQL: appends | killed before | killed after |
|---|---|---|---|---|---|---|
${rows.join('\n')}
${wrong.length === 0 ? '' : `\n${wrong.join('\n')}\n`}
## Worse things

| What happens | What came of it | Kept |
|---|---|---|
${worse.map(({ what, came, kept }) => `| ${what} | ${came} | ${kept ? 'yes' : 'no'} |`).join('\n')}

## Making it anew

\`npm run crash-matrix\` kills at every append on SQLite, and at two of each case on PostgreSQL (\`-- --postgres 100\` at all of them, which
takes most of an hour); \`-- --kills 200\` makes more random kills. PostgreSQL has to be installed (\`initdb\`). What it does at a single append
is \`packages/host/test/conformance/crash-case.ts\`; the tests beside it make some of these kills each time.
`;
}

function cell({ kept, missed, wrong }: Count): string {
  const made = kept + wrong;
  const text = `${kept} of ${made}`;
  return `${wrong === 0 ? text : `**${text}**`}${missed === 0 ? '' : ` (${missed} missed)`}`;
}
