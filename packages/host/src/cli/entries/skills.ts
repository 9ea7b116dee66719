import type { CommandEntry } from '../command.ts';
import { doing } from './doing.ts';

/** Skills: text for bots, in packages like those of workers. */
export const SKILLS: readonly CommandEntry[] = [
  {
    name: 'skill',
    summary: 'Skills for bots: which there are, and making, installing, comparing and removing them',
    commands: [
      {
        name: 'list',
        summary: 'List the skills, what they lack, and those that cannot be used',
        examples: ['cadre skill list', 'cadre skill list --json'],
        load: doing('listSkills'),
      },
      {
        name: 'show',
        summary: 'Show one skill: what it requires and brings, and what it tells a bot',
        arguments: [['<skill>', 'its name, or NAME@RANGE']],
        options: [['--text', 'only what it tells a bot']],
        examples: ['cadre skill show release-notes', 'cadre skill show release-notes@^1 --text'],
        load: doing('showSkill'),
      },
      {
        name: 'why',
        summary: 'Who requires a skill, along which chain, and which version each of them gets',
        arguments: [['<skill>', 'its name']],
        examples: ['cadre skill why house-style'],
        load: doing('whySkill'),
      },
      {
        name: 'new',
        summary: 'Make a skill to begin with',
        arguments: [['<name>', 'what it is called']],
        options: [['--in <folder>', 'where to (default: .cadre/skills of the workspace, where it is found)']],
        examples: ['cadre skill new release-notes'],
        load: doing('newSkill'),
      },
      {
        name: 'validate',
        summary: 'Say all that is wrong with skills',
        arguments: [['[folders...]', 'folders with SKILL.md (default: this one)']],
        options: [['--strict', 'warnings are faults']],
        examples: ['cadre skill validate .cadre/skills/*', 'cadre skill validate --strict'],
        load: doing('validateSkills'),
      },
      {
        name: 'pack',
        summary: 'Make a signed package of the skill in a folder',
        arguments: [['[folder]', 'the folder with SKILL.md (default: this one)']],
        options: [
          ['--out <file>', 'where to (default: NAME@VERSION.skill.tgz in this folder)'],
          ['--unsigned', 'sign it with no key'],
        ],
        examples: ['cadre skill pack .cadre/skills/release-notes'],
        load: doing('packSkill'),
      },
      {
        name: 'add',
        summary: 'Install skills, shown whole and asked about, with what they require',
        arguments: [
          [
            '[skills...]',
            'packages, ZIPs, folders, https:// addresses, or names in a catalogue such as release-notes@^1',
          ],
        ],
        options: [
          [
            '--from <catalogue>',
            'look for names in this folder or https:// address (default: setting packages.catalogues)',
          ],
          ['--locked', 'what the lock of the workspace names, workers too, and nothing else'],
          ['--accept <digests>', 'agree to exactly this content where nobody can be asked (comma-separated)'],
          ['--override', 'take a version that hides how much changed'],
        ],
        examples: ['cadre skill add release-notes@^1 --from /srv/cadre', 'cadre skill add release-notes.zip'],
        load: doing('addSkill'),
      },
      {
        name: 'remove',
        summary: 'Remove an installed skill that nothing requires',
        arguments: [['<skill>', 'its name, or NAME@VERSION for one of several']],
        options: [['--force', 'also when others require it']],
        examples: ['cadre skill remove release-notes'],
        load: doing('removeSkill'),
      },
      {
        name: 'diff',
        summary: 'What changed between two versions, and the least version that takes',
        arguments: [
          ['<before>', 'a folder, a package, or a skill that is here'],
          ['<after>', 'likewise'],
        ],
        examples: ['cadre skill diff release-notes ./release-notes@2.0.0.skill.tgz'],
        load: doing('diffSkills'),
      },
      {
        name: 'publish',
        summary: 'Put packages into a catalogue: a folder that any web server can show',
        arguments: [['<packages...>', 'files']],
        options: [['--to <folder>', 'the catalogue, which is made when there is none']],
        examples: ['cadre skill publish release-notes@1.0.0.skill.tgz --to /srv/cadre'],
        load: doing('publishPackages'),
      },
    ],
  },
];
