import { Environment } from '@marcbachmann/cel-js';
import { once } from '../once.ts';
import { spendValue, spendWhole } from './fuel.ts';
import { registerFunctions } from './functions.ts';
import { registerReplacements } from './replacements.ts';

/** Enough for anything that a person would write in one expression. */
const LIMITS = {
  maxAstNodes: 1_000,
  maxDepth: 48,
  maxListElements: 500,
  maxMapEntries: 500,
  maxCallArguments: 16,
};

/** The metered text is the same expression with up to three calls around each part. */
const METERED_LIMITS = { ...LIMITS, maxAstNodes: 10_000, maxDepth: 400 };

const OPTIONS = {
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
};

/** The language as people write it: for parsing and for checking types. */
export const language = once(createLanguage);

/** The same and what the metered text calls: for evaluating. */
export const meteredLanguage = once(createMetered);

function createLanguage(): Environment {
  const environment = new Environment({ ...OPTIONS, limits: LIMITS });
  registerArithmetic(environment);
  registerFunctions(environment);
  return environment;
}

function createMetered(): Environment {
  const environment = language().clone({ ...OPTIONS, limits: METERED_LIMITS });
  registerReplacements(environment);
  environment.registerFunction(
    '__spend(A, int): A',
    spent((value, each) => spendValue(value, Number(each))),
    {
      async: false,
    },
  );
  environment.registerFunction('__spendWhole(A): A', spent(spendWhole), { async: false });
  environment.registerFunction('__spendMembers(A): A', spent(spendMembers), { async: false });
  return environment;
}

/** Looking for an element compares it with each; looking for a key of a map does not. */
function spendMembers(value: unknown): void {
  if (Array.isArray(value)) spendWhole(value);
  else spendValue(value, 0);
}

function spent(pay: (value: unknown, each: bigint) => void): (value: unknown, each: bigint) => unknown {
  return (value, each) => {
    pay(value, each);
    return value;
  };
}

/**
 * Numbers of JSON are doubles and whole literals are integers; CEL by itself would refuse `inputs.n + 1`. Mixed operands
 * give doubles, so that `/` never depends on whether an input happened to be whole.
 */
function registerArithmetic(environment: Environment): void {
  const operators = {
    '+': (left: number, right: number) => left + right,
    '-': (left: number, right: number) => left - right,
    '*': (left: number, right: number) => left * right,
    '/': (left: number, right: number) => left / right,
    '%': (left: number, right: number) => left % right,
  };
  for (const [sign, calculate] of Object.entries(operators)) {
    const mixed = (left: number | bigint, right: number | bigint) => calculate(Number(left), Number(right));
    environment.registerOperator(`int ${sign} double: double`, mixed);
    environment.registerOperator(`double ${sign} int: double`, mixed);
  }
  environment.registerOperator('double % double', operators['%']);
  // The library compares these only where a type is unknown.
  environment.registerOperator('int == double', (left: bigint, right: number) => Number(left) === right);
}
