import { plainText } from '@cadre/core';
import { bytes as bytesText, plural } from '@cadre/kit/format';
import type { BrokenSkill } from '../../ports/skills.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printLacking } from '../show/lacking.ts';
import { formatProblem, shownProblem } from '../show/problems.ts';
import { paint } from '../show/report.ts';
import { printSkillNeeds } from '../show/skill-needs.ts';
import { printTable } from '../show/table.ts';
import { printWhyHere } from '../show/why-here.ts';
import { withApp } from '../with-app.ts';

const MOST_SHOWN = 20;

const FROM = { workspace: 'workspace', package: 'package', personal: 'your own' } as const;

export const listSkills: CommandHandler = (invocation) =>
  withApp(invocation, async ({ skills }) => {
    const { output } = invocation;
    const [usable, shadowed, broken] = [await skills.list(), await skills.shadowed(), await skills.broken()];
    const lacking = (await skills.lacking()).filter((one) => one.package.kind === 'skill');
    output.document({ skills: usable, shadowed, broken, lacking });
    if (usable.length + broken.length === 0)
      output.line('No skills: cadre skill new NAME makes one to begin with.');
    printTable(
      ['skill', 'version', 'from', 'when'],
      usable.map((one) => [one.id, one.version, FROM[one.from], plainText(one.description)]),
      output,
    );
    for (const { id, version, folder, from } of shadowed)
      output.line(
        `\n${paint('shadowed', 'yellow', output.colours)} ${id} ${version} (${FROM[from]}) in ${plainText(folder)}`,
      );
    for (const one of lacking) printLacking(one, output);
    for (const one of broken) printBroken(one, invocation);
    return EXIT.ok;
  });

function printBroken({ id, folder, problems }: BrokenSkill, { output }: Invocation): void {
  output.line(`\n${paint('unusable', 'red', output.colours)} ${plainText(id)}`);
  for (const problem of problems)
    output.line(`  ${formatProblem(shownProblem(problem), plainText(folder), output.colours)}`);
}

export const showSkill: CommandHandler = (invocation) =>
  withApp(invocation, async ({ skills }) => {
    const { output, options } = invocation;
    const { colours } = output;
    const [id = '', range] = splitAt(invocation.arguments[0] ?? '');
    const skill = await skills.resolve(id, range);
    const instructions = await skills.instructions(skill);
    const { chosen, leftOut, faults } = await skills.requirements(skill);
    output.document({ skill, instructions, requirements: { chosen, leftOut, faults } });
    if (options['text'] === true) {
      for (const line of instructions.split('\n')) output.line(plainText(line));
      return EXIT.ok;
    }
    const fact = (name: string, text: string | undefined) =>
      text === undefined || text === '' || output.line(`  ${colours.dim(name.padEnd(9))} ${plainText(text)}`);
    output.line(`${colours.bold(skill.id)} ${skill.version}  ${plainText(skill.description)}`);
    fact('title', skill.title);
    fact('author', skill.author);
    fact('licence', skill.licence ?? 'none is named');
    fact('tags', skill.tags.join(' '));
    fact('from', `${FROM[skill.from]}, ${skill.folder}`);
    fact('content', skill.hash);
    fact('signed by', skill.signedBy);
    const paths = skill.files.map(({ path }) => path).filter((path) => path !== 'SKILL.md');
    const scripts = paths.filter((path) => path.startsWith('scripts/'));
    printSkillNeeds(skill, { files: paths, scripts }, output);
    const along = chosen.slice(0, -1).map((one) => `${one.kind} ${one.id} ${one.version}`);
    const more = along.length > MOST_SHOWN ? `, and ${along.length - MOST_SHOWN} more` : '';
    if (along.length > 0) output.line(`\nIt gets ${along.slice(0, MOST_SHOWN).join(', ')}${more}`);
    for (const { message, chains } of faults)
      output.line(
        `\n${paint('lacking', 'red', colours)} ${plainText(`${message} (${chains.join(' and ')})`)}`,
      );
    const words = `${plural(instructions.split('\n').length, 'line')}, ${bytesText(Buffer.byteLength(instructions))}`;
    output.line(`\nIt tells a bot ${words}: ${colours.dim(`cadre skill show ${skill.id} --text`)}`);
    return EXIT.ok;
  });

export const whySkill: CommandHandler = (invocation) =>
  withApp(invocation, (app) => printWhyHere('skill', app, invocation));

function splitAt(named: string): readonly [string, string | undefined] {
  const at = named.indexOf('@');
  return at === -1 ? [named, undefined] : [named.slice(0, at), named.slice(at + 1)];
}
