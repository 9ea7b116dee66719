import type { CommandEntry } from '../command.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';
import { doing } from './doing.ts';

/** Settings, hooks and kept results. */
export const SETTLING: readonly CommandEntry[] = [
  {
    name: 'cache',
    summary: 'Results that are answered instead of doing unchanged work again',
    commands: [
      {
        name: 'list',
        summary: 'List the results that are kept, with their tags',
        load: doing('listCache'),
      },
      {
        name: 'clear',
        summary: 'Throw them away, so that everything is done anew',
        options: [['--tag <tag>', 'only those with this tag, for example step:test']],
        load: doing('clearCache'),
      },
    ],
  },
  {
    name: 'hooks',
    summary: 'Git hooks: checked on exactly what is staged, unstaged work never touched',
    commands: [
      {
        name: 'install',
        summary:
          'Make git run the hooks of this repository, or without any the profile quick, before each commit',
        options: [
          ['--into <place>', 'git (default), or an entry in the configuration of pre-commit or lefthook'],
        ],
        load: doing('install'),
      },
      {
        name: 'uninstall',
        summary: 'Remove it again',
        load: doing('uninstall'),
      },
      {
        name: 'status',
        summary: 'Show what is installed and which hooks would run',
        load: doing('status'),
      },
      {
        name: 'run',
        summary: 'Run the hooks now, on the staged files',
        options: [
          ['--all', 'on all files'],
          ['--stage <stage>', 'which stage (default pre-commit)'],
          ...LOG_FLAGS,
        ],
        load: doing('runHooks'),
      },
    ],
  },
  {
    name: 'config',
    summary: 'Settings: what holds, and where it comes from',
    commands: [
      {
        name: 'list',
        summary: 'All settings in force',
        load: doing('listConfig'),
      },
      {
        name: 'get',
        summary: 'Print one setting',
        arguments: [['<key>', 'for example hygiene.coverage']],
        load: doing('getConfig'),
      },
      {
        name: 'set',
        summary: 'Write one setting, keeping comments and order',
        arguments: [
          ['<key>', 'for example hygiene.coverage'],
          ['<value>', 'the value, as YAML'],
        ],
        load: doing('setConfigValue'),
      },
      {
        name: 'explain',
        summary: 'Every layer that sets a key, and which one wins',
        arguments: [['<key>', 'for example hygiene.coverage']],
        load: doing('explainConfig'),
      },
      {
        name: 'check',
        summary: 'Find every fault of the configuration files',
        load: doing('checkConfig'),
      },
    ],
  },
];
