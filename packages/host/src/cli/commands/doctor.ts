import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { type Check, printChecks } from '../doctor/check.ts';
import { packageChecks } from '../doctor/packages.ts';
import { pendingChecks, printMends, sizeChecks } from '../doctor/pending.ts';
import { diskCheck, failureChecks, gitCheck, leaseChecks } from '../doctor/surroundings.ts';
import { EXIT } from '../exit.ts';
import { detectTools } from '../run/detect-tools.ts';
import { withApp } from '../with-app.ts';

/** Tries each thing that Cadre needs and says what is missing, why it matters and how to get it. */
export const doctor: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const mends = invocation.options['repair'] === true ? await app.repair() : undefined;
    const checks = [
      nodeCheck(),
      await sandboxCheck(app),
      ...(await strongerChecks(app)),
      await tiersCheck(app),
      await measuringCheck(app),
      await storeCheck(app),
      await diskCheck(app),
      await gitCheck(app),
      ...(await toolChecks(app)),
      ...(await packageChecks(app)),
      ...(await sizeChecks(app)),
      ...(await leaseChecks(app)),
      ...(await pendingChecks(app)),
      ...(await failureChecks(app)),
    ];
    output.document({ workspace: app.place.root, data: app.dataDir, checks, mends });
    output.line(`${output.colours.bold(app.place.root)}  ${output.colours.dim(`data in ${app.dataDir}`)}\n`);
    printChecks(checks, output);
    if (mends !== undefined) printMends(mends, output);
    return checks.some((check) => check.state === 'missing') ? EXIT.missing : EXIT.ok;
  });

function nodeCheck(): Check {
  return { what: 'Node.js', state: 'ok', detail: `${process.version}, needed: 24 or newer` };
}

async function sandboxCheck(app: App): Promise<Check> {
  const report = await app.sandbox.probe();
  const state = report.level === 'enforced' ? 'ok' : 'warning';
  const detail = [`${report.level} by ${report.mechanism}`, ...report.missing].join('; ');
  return { what: 'sandbox', state, detail, ...(report.hint === undefined ? {} : { hint: report.hint }) };
}

const STRONGER = [
  { what: 'containers', tier: 'container', name: 'tier 3' },
  { what: 'remote', tier: 'remote', name: 'tier 4' },
] as const;

/** No fault where they are not set up, since nothing needs them by itself; `workers` says when something does. */
async function strongerChecks(app: App): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const { what, tier, name } of STRONGER) {
    const { level, mechanism, missing, notes = [], hint } = await app.sandbox.probe(tier);
    const isSetUp = level !== 'advisory' || mechanism !== 'none';
    const lacking = `${name} is not ${isSetUp ? 'to be had' : 'set up, which is no fault'}:`;
    const found = level === 'advisory' ? lacking : `${level} by ${mechanism};`;
    const detail = [found, [...missing, ...notes].join('; ')].join(' ');
    const state = isSetUp && level !== 'enforced' ? 'warning' : 'ok';
    checks.push({ what, state, detail, ...(hint && { hint }) });
  }
  return checks;
}

const TIERS_HINT = 'see policy.tiers in docs/guide/sandboxing.md';

/** Which workers are run here, and which are not, as the policy says. */
async function tiersCheck(app: App): Promise<Check> {
  const report = await app.sandbox.probe();
  const sentences = await app.tiersHere();
  const isRefused = sentences.some((sentence) => sentence.endsWith('are refused'));
  return {
    what: 'workers',
    state: isRefused ? 'warning' : 'ok',
    detail: sentences.join('; '),
    ...(isRefused ? { hint: report.level === 'advisory' && report.hint ? report.hint : TIERS_HINT } : {}),
  };
}

/** What budgets of processor time and memory can count on. */
async function measuringCheck(app: App): Promise<Check> {
  const { measures } = await app.sandbox.probe();
  const what = 'budgets';
  if (measures === 'control group')
    return { what, state: 'ok', detail: 'processor time and memory are counted by control groups' };
  if (measures === undefined) {
    const detail = 'processor time and memory cannot be measured here: steps with such limits fail';
    return { what, state: 'warning', detail, hint: 'take cpu and memory out of budgets, or use Linux' };
  }
  const detail =
    'processor time and memory are seen by looking at processes several times a second: peaks may be missed';
  return { what, state: 'ok', detail, hint: 'let Cadre make control groups to have all of it counted' };
}

async function storeCheck(app: App): Promise<Check> {
  const result = await app.verifyAudit();
  if (!result.ok)
    return { what: 'audit', state: 'missing', detail: result.message, hint: 'cadre audit verify' };
  return { what: 'audit', state: 'ok', detail: `${result.records} records, one unbroken chain` };
}

/** What this repository wants to be formatted, linted and tested with. */
async function toolChecks(app: App): Promise<Check[]> {
  const found = await detectTools(app);
  return found.map(({ name, folder, installed, tooOld, version, reason, install }) => ({
    what: folder === '.' ? name : `${name} in ${folder}`,
    state: installed && tooOld === undefined ? ('ok' as const) : ('warning' as const),
    detail: !installed
      ? `wanted (${reason}) and not installed`
      : tooOld === undefined
        ? [version, reason].filter(Boolean).join('; ')
        : `${version} is too old, needed: ${tooOld} or newer; ${reason}`,
    ...(install === undefined ? {} : { hint: install }),
  }));
}
