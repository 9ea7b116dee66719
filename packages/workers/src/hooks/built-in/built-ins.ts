import type { BuiltIn } from './built-in.ts';
import { prettyFormatJson } from './pretty-json.ts';
import { checkAst, debugStatements } from './python-syntax.ts';
import {
  checkAddedLargeFiles,
  checkCaseConflict,
  checkSymlinks,
  destroyedSymlinks,
  noCommitToBranch,
} from './repository-checks.ts';
import { fileContentsSorter, requirementsTxtFixer } from './sorters.ts';
import { checkJson, checkToml, checkXml, checkYaml } from './syntax-checks.ts';
import {
  checkExecutablesHaveShebangs,
  checkMergeConflict,
  checkShebangScriptsAreExecutable,
  checkVcsPermalinks,
  detectPrivateKey,
  nameTestsTest,
} from './text-checks.ts';
import { endOfFileFixer, fixByteOrderMarker, mixedLineEnding, trailingWhitespace } from './white-space.ts';

/** The hooks of `pre-commit/pre-commit-hooks` that need no process of their own, by id. */
export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map(
  Object.entries({
    'check-added-large-files': checkAddedLargeFiles,
    'check-ast': checkAst,
    'check-case-conflict': checkCaseConflict,
    'check-executables-have-shebangs': checkExecutablesHaveShebangs,
    'check-json': checkJson,
    'check-merge-conflict': checkMergeConflict,
    'check-shebang-scripts-are-executable': checkShebangScriptsAreExecutable,
    'check-symlinks': checkSymlinks,
    'check-toml': checkToml,
    'check-vcs-permalinks': checkVcsPermalinks,
    'check-xml': checkXml,
    'check-yaml': checkYaml,
    'debug-statements': debugStatements,
    'destroyed-symlinks': destroyedSymlinks,
    'detect-private-key': detectPrivateKey,
    'end-of-file-fixer': endOfFileFixer,
    'file-contents-sorter': fileContentsSorter,
    'fix-byte-order-marker': fixByteOrderMarker,
    'mixed-line-ending': mixedLineEnding,
    'name-tests-test': nameTestsTest,
    'no-commit-to-branch': noCommitToBranch,
    'pretty-format-json': prettyFormatJson,
    'requirements-txt-fixer': requirementsTxtFixer,
    'trailing-whitespace': trailingWhitespace,
  }),
);
