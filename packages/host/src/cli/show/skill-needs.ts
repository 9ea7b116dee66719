import { plainText, type Skill } from '@cadre/core';
import type { Output } from '../output.ts';

/** What a skill is to a person who decides about it: text that may do nothing by itself, and what it would have a bot use. */
export function printSkillNeeds(
  { requires, allowedTools, compatibility }: Pick<Skill, 'requires' | 'allowedTools' | 'compatibility'>,
  { files, scripts }: { readonly files: readonly string[]; readonly scripts: readonly string[] },
  output: Output,
): void {
  const { dim } = output.colours;
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length === 0) return;
    output.line(`\n${title}`);
    for (const line of lines) output.line(`  ${line}`);
  };
  output.line(
    '\nIt is text for bots, and may do nothing by itself: what a bot does needs the permissions of workers.',
  );
  section(
    'It requires',
    requires.map(
      ({ kind, id, range, optional }) =>
        `the ${kind} ${id} ${plainText(range)}${optional === true ? dim(' where it is there') : ''}`,
    ),
  );
  section('It would like a bot to use without asking', allowedTools.map(plainText));
  section('It needs around it', compatibility === undefined ? [] : [plainText(compatibility)]);
  section('It brings scripts, which nothing here runs by itself', scripts.map(plainText));
  section('It brings files', files.filter((path) => !scripts.includes(path)).map(plainText));
}
