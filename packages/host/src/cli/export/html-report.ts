import { duration } from '@cadre/kit/format';
import type { Effect } from '@cadre/sdk';
import { commitText } from '../show/commit-text.ts';
import { summarise } from '../show/effects.ts';
import { reportOf } from '../show/report.ts';
import { findingsOf, type RunDetails } from '../show/run-details.ts';
import { escapeMarkup as text } from './escape-markup.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c1e21;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
pre{background:#f5f5f5;padding:.6rem;overflow:auto}.succeeded{color:#11702b}.failed,.timed_out,.critical,.high{color:#b00020}
.skipped,.info,.low{color:#5d6064}@media(prefers-color-scheme:dark){body{color:#e4e6e8;background:#17191c}pre{background:#23262a}
th,td{border-color:#3a3d41}.succeeded{color:#6fd08c}.failed,.timed_out,.critical,.high{color:#ff8a95}.skipped,.info,.low{color:#a3a7ab}}`;

/** One page that needs nothing else: no script, nothing from the network; everything that came from outside is escaped. */
export function htmlReport(run: RunDetails): string {
  const { id, state, record } = run;
  const took =
    state.startedAt === undefined || state.endedAt === undefined
      ? ''
      : duration(state.endedAt - state.startedAt);
  const facts: readonly (readonly [string, string])[] = [
    ['Status', state.status.replace('_', ' ')],
    ['Profile', record.profile ?? ''],
    ['Commit', commitText(record)],
    ['Started', `${new Date(state.createdAt).toISOString()} by ${state.principal}`],
    ['Took', took],
    ['Changes', summarise(run.effects.flatMap((step) => step.effects)) || 'none'],
    ['Failure', state.failure === undefined ? '' : `${state.failure.message} [${state.failure.code}]`],
    ['Undone', run.undone.map(({ at, by }) => `${new Date(at).toISOString()} by ${by}`).join(', ')],
  ];
  const title = `${state.workflow} ${id}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title><style>${STYLE}</style></head><body>
<h1>${text(title)}</h1>
<table>${facts.map(([name, value]) => (value === '' ? '' : `<tr><th scope="row">${name}</th><td>${text(value)}</td></tr>`)).join('')}</table>
${stepsPart(run)}${findingsPart(run)}${effectsPart(run)}</body></html>
`;
}

function stepsPart({ rows }: RunDetails): string {
  const lines = rows.map((row) => {
    const said = row.failure?.message ?? row.reason ?? reportOf(row)?.summary ?? '';
    const hint = row.failure?.hint === undefined ? '' : `<br>try: ${text(row.failure.hint)}`;
    const time = row.durationMs === undefined ? '' : duration(row.durationMs);
    const status = `<td class="${row.status}">${text(row.status.replace('_', ' '))}</td>`;
    return `<tr><td>${text(row.name)}</td>${status}<td>${time}</td><td>${text(said)}${hint}</td></tr>`;
  });
  return `<h2>Steps</h2>\n<table><tr><th>Step</th><th>Status</th><th>Took</th><th></th></tr>\n${lines.join('\n')}</table>\n`;
}

function findingsPart(run: RunDetails): string {
  const findings = findingsOf(run);
  if (findings.length === 0) return '';
  const lines = findings.map(({ severity, file, line, message, tool, rule, fix, step }) => {
    const where = line === undefined ? file : `${file}:${line}`;
    const more = fix === undefined ? '' : `<br>${text(fix)}`;
    const head = `<td class="${severity}">${severity}</td><td>${text(step)}</td><td>${text(where)}</td>`;
    return `<tr>${head}<td>${text(message)}${more}</td><td>${text(`${tool}/${rule}`)}</td></tr>`;
  });
  const head = '<tr><th>Severity</th><th>Step</th><th>Where</th><th>What</th><th>Rule</th></tr>';
  return `<h2>Findings (${findings.length})</h2>\n<table>${head}\n${lines.join('\n')}</table>\n`;
}

function effectsPart({ effects }: RunDetails): string {
  const parts = effects
    .filter((step) => step.effects.length > 0)
    .map((step) => `<h3>${text(step.step)}</h3>\n<ul>${step.effects.map(effectItem).join('\n')}</ul>`);
  return parts.length === 0 ? '' : `<h2>Changes</h2>\n${parts.join('\n')}\n`;
}

function effectItem(effect: Effect): string {
  switch (effect.kind) {
    case 'file': {
      const diff =
        effect.diff === undefined
          ? ''
          : `<details><summary>diff</summary><pre>${text(effect.diff)}</pre></details>`;
      return `<li>${effect.change} <code>${text(effect.path)}</code>${diff}</li>`;
    }
    case 'command':
      return `<li><code>${text(effect.command)}</code> ${text(effect.purpose)}</li>`;
    case 'commit':
      return `<li>commit on ${text(effect.branch)}: ${text(effect.message)}</li>`;
    case 'network':
      return `<li>network ${text(effect.host)}: ${text(effect.purpose)}</li>`;
    case 'archive':
      return `<li>archive <code>${text(effect.path)}</code></li>`;
  }
}
