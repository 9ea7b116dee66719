import type { CommandEntry, CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';

/** Each script asks the hidden `cadre __complete` for what could come next, so that it never goes stale. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_cadre() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(cadre __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cadre cadre
`,
  zsh: `#compdef cadre
_cadre() {
  local -a found
  found=("\${(@f)$(cadre __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $found
}
compdef _cadre cadre
`,
  fish: `complete -c cadre -f -a '(cadre __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName cadre -ScriptBlock {
  param($word, $ast, $position)
  $words = $ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() }
  if ($word -eq '') { $words = @($words) + '' }
  cadre __complete @words 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
};

export const completion: CommandHandler = async ({ io, arguments: [shell = ''] }) => {
  const script = SCRIPTS[shell];
  if (script === undefined) {
    throw usageError(`there is no completion for "${shell}"`, `one of ${Object.keys(SCRIPTS).join(', ')}`);
  }
  io.stdout.write(script);
  return EXIT.ok;
};

/** The words typed so far, the last one possibly unfinished; prints one candidate a line. */
export const complete: CommandHandler = async (invocation) => {
  const words = [...invocation.arguments];
  const unfinished = words.pop() ?? '';
  const candidates = await candidatesAfter(words, unfinished, invocation);
  for (const candidate of candidates) {
    if (candidate.startsWith(unfinished)) invocation.io.stdout.write(`${candidate}\n`);
  }
  return EXIT.ok;
};

const workflowOf = (entry: CommandEntry, words: readonly string[]) =>
  entry.name === 'hygiene' ? 'hygiene' : words.slice(1).find((word) => !word.startsWith('-'));

async function candidatesAfter(
  words: readonly string[],
  unfinished: string,
  invocation: Parameters<CommandHandler>[0],
): Promise<readonly string[]> {
  let level = invocation.commands;
  let entry: CommandEntry | undefined;
  let given = 0;
  for (const word of words) {
    const next = level.find((candidate) => candidate.name === word);
    if (next === undefined) {
      if (!word.startsWith('-')) given += 1;
      continue;
    }
    entry = next;
    level = next.commands ?? [];
  }
  const below = level.filter((candidate) => candidate.hidden !== true).map((candidate) => candidate.name);
  if (entry === undefined || (below.length > 0 && entry.load === undefined)) return below;
  const { completeArgument, completeFlags, completeValue } = await import('./complete-workspace.ts');
  const flag = words.at(-1) ?? '';
  if (entry.passThrough === true && flag.startsWith('-')) {
    const values = await completeValue(flag, unfinished, workflowOf(entry, words), invocation);
    if (values !== undefined) return values;
  }
  if (unfinished.startsWith('-')) return completeFlags(entry, words, invocation);
  return given === 0 ? [...below, ...(await completeArgument(entry, invocation))] : [];
}
