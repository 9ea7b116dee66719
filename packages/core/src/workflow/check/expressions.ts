import { type CadreError, isCadreError } from '../../errors.ts';
import { compileExpression, type Expression } from '../../expression/expression.ts';
import { parseTemplate } from '../../expression/template.ts';
import { suggest } from '../shape.ts';
import type { PlacedStep } from '../walk-steps.ts';
import type { Workflow } from '../workflow.ts';
import type { ActionCatalog } from './actions.ts';
import { checkType } from './check-type.ts';
import type { Finding } from './finding.ts';
import { checkAccess, type Names } from './names.ts';
import { scopeTypes } from './scope-types.ts';
import { type Site, sitesOf, type WholeSite } from './site.ts';
import { neverRuns } from './structure.ts';

/** Whether every expression can be parsed, reads what there is, and has a type that fits its place. */
export function checkExpressions(
  workflow: Workflow,
  placed: readonly PlacedStep[],
  steps: ReadonlyMap<string, PlacedStep>,
  catalog: ActionCatalog | undefined,
): Finding[] {
  const compiled = sitesOf(workflow, placed).map((site) => compileSite(site));
  const read = new Set(compiled.flatMap(({ expressions }) => expressions.flatMap(stepsRead)));
  const types = scopeTypes(
    workflow,
    [...read].flatMap((id) => steps.get(id)?.step ?? []),
    catalog,
  );
  const names = { workflow, steps };
  return compiled.flatMap(({ site, expressions, findings }) => {
    const wrongNames = expressions.flatMap((expression) => checkNames(expression, site, names));
    if (findings.length + wrongNames.length > 0) return [...findings, ...wrongNames];
    return expressions.flatMap((expression) => checkType(expression.text, site, types, catalog));
  });
}

interface CompiledSite {
  readonly site: WholeSite;
  readonly expressions: readonly Expression[];
  readonly findings: readonly Finding[];
}

function compileSite(site: Site): CompiledSite {
  try {
    const parts = parseTemplate(site.text);
    const expressions = parts.flatMap((part) =>
      part.kind === 'expression' ? [compileExpression(part.text)] : [],
    );
    return { site: { ...site, whole: parts.length === 1 }, expressions, findings: [] };
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return { site: { ...site, whole: false }, expressions: [], findings: [invalid(error, site)] };
  }
}

function invalid(error: CadreError, site: Site): Finding {
  return {
    code: error.code,
    message: error.message,
    path: site.path,
    ...suggest(error.hint),
    ...(site.step !== undefined && { step: site.step }),
  };
}

function stepsRead({ accesses }: Expression): string[] {
  return accesses.filter(({ name }) => name === 'steps').flatMap(({ fields }) => fields.slice(0, 1));
}

function checkNames(expression: Expression, site: WholeSite, names: Names): Finding[] {
  const dormant = site.reader?.around.some(({ holder }) => neverRuns(holder)) === true;
  return expression.accesses
    .flatMap((access) => checkAccess(access, site, names) ?? [])
    .filter(({ code }) => !(dormant && code === 'unreadable_step'))
    .map((reason) => ({ ...reason, path: site.path, ...(site.step !== undefined && { step: site.step }) }));
}
