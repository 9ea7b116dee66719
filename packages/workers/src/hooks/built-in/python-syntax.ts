import { ActionError } from '@cadre/sdk';
import { type BuiltIn, type RepositoryFacts, repositoryCheck } from './built-in.ts';

/**
 * Reads `{path, text in base64}` a line and answers a line for each file that is not as it should be. One process for
 * all files, because starting Python takes as long as parsing some hundred of them.
 */
const SCRIPT = `
import ast, base64, json, platform, sys
DEBUGGERS = {'bpdb', 'ipdb', 'pdb', 'pdbr', 'pudb', 'pydevd_pycharm', 'q', 'rdb', 'rpdb', 'wdb'}
def statements(tree):
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [(alias.name, 'imported') for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module, 'imported')]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'breakpoint':
            yield node.lineno, node.col_offset, 'breakpoint', 'called'
        for name, verb in names:
            if name in DEBUGGERS:
                yield node.lineno, node.col_offset, name, verb
for line in sys.stdin:
    path, text = json.loads(line)
    try:
        tree = ast.parse(base64.b64decode(text), filename=path)
    except (SyntaxError, ValueError) as error:
        version = platform.python_implementation() + ' ' + platform.python_version()
        print(json.dumps(f'{path}: failed parsing with {version}: {error}'))
        continue
    if sys.argv[1] == 'debug':
        for row, column, name, verb in statements(tree):
            print(json.dumps(f'{path}:{row}:{column}: {name} {verb}'))
`;

export const checkAst: BuiltIn = {
  name: 'check python ast',
  types: ['python'],
  needs: 'python3',
  create: () => repositoryCheck((paths, facts) => pythonSays('syntax', paths, facts)),
};

export const debugStatements: BuiltIn = {
  name: 'debug statements (python)',
  types: ['python'],
  needs: 'python3',
  create: () => repositoryCheck((paths, facts) => pythonSays('debug', paths, facts)),
};

async function pythonSays(
  what: 'syntax' | 'debug',
  paths: readonly string[],
  { context, snapshot }: RepositoryFacts,
): Promise<string | undefined> {
  await snapshot.load(paths);
  const stdin = paths
    .map((path) => `${JSON.stringify([path, snapshot.current(path)?.content?.toString('base64') ?? ''])}\n`)
    .join('');
  const { code, stdout, stderr } = await context.exec('python3', ['-I', '-c', SCRIPT, what], { stdin });
  if (code !== 0) throw new ActionError('tool_failed', `python3 failed: ${stderr.trim()}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines.map((line) => JSON.parse(line) as string).join('\n');
}
