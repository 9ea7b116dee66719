import { dependenciesIn } from './graph.ts';
import { listsIn, type StepList, topLists } from './walk-steps.ts';
import type { Step, Workflow } from './workflow.ts';

/**
 * A workflow as a Mermaid flowchart: steps in their order, boxes around steps that stand inside others. With statuses by
 * path (`scan/code`, `each/2/lint`) each step is coloured; one that happens for many elements has the worst of theirs.
 */
export function workflowMermaid(workflow: Workflow, statuses: Readonly<Record<string, string>> = {}): string {
  const drawing: Drawing = { lines: [], nodes: new Map() };
  const { steps, onFailure, finally: last } = topLists(workflow);
  drawList(drawing, steps, '  ');
  drawTitled(drawing, 'when it fails', onFailure, '  ');
  drawTitled(drawing, 'at the end', last, '  ');
  return `${['flowchart TD', ...drawing.lines, ...colourLines(drawing, statuses)].join('\n')}\n`;
}

interface Drawing {
  readonly lines: string[];
  /** Node of each step by id. Nodes have names of their own, because ids may be words of Mermaid such as `end`. */
  readonly nodes: Map<string, string>;
}

function drawList(drawing: Drawing, list: StepList, indent: string): void {
  list.steps.forEach((step, index) => {
    drawStep(drawing, step, listsIn(step, [...list.path, index], list.inner), indent);
  });
  for (const [id, needs] of dependenciesIn(list)) {
    for (const need of needs)
      drawing.lines.push(`${indent}${drawing.nodes.get(need)} --> ${drawing.nodes.get(id)}`);
  }
}

function drawStep(drawing: Drawing, step: Step, inside: readonly StepList[], indent: string): void {
  const node = newNode(drawing, step.id);
  if (inside.length === 0) {
    drawing.lines.push(`${indent}${node}${shapeOf(step)}`);
    return;
  }
  drawBox(drawing, node, labelOf(step), indent, (inner) => {
    // What is only mended or undone by the steps inside has work of its own.
    if (inside.every(({ role }) => role !== 'body'))
      drawing.lines.push(`${inner}${newNode(drawing)}${shapeOf(step)}`);
    for (const list of inside) drawInside(drawing, step, list, inner);
  });
}

function drawInside(drawing: Drawing, step: Step, list: StepList, indent: string): void {
  if (list.role !== 'body')
    drawTitled(drawing, list.role === 'recover' ? 'when it fails' : 'to undo it', list, indent);
  else if (step.kind === 'choose')
    drawTitled(drawing, branchTitle(step.branches[Number(list.path.at(-2))]?.if), list, indent);
  else drawList(drawing, list, indent);
}

function branchTitle(condition: string | undefined): string {
  return condition === undefined ? 'else' : `if ${condition.replace(/^\$\{\{\s*|\s*\}\}$/g, '')}`;
}

function drawTitled(drawing: Drawing, title: string, list: StepList, indent: string): void {
  if (list.steps.length === 0) return;
  drawBox(drawing, newNode(drawing), title, indent, (inner) => drawList(drawing, list, inner));
}

function drawBox(
  drawing: Drawing,
  node: string,
  title: string,
  indent: string,
  draw: (indent: string) => void,
): void {
  drawing.lines.push(`${indent}subgraph ${node}["${escapeLabel(title)}"]`);
  draw(`${indent}  `);
  drawing.lines.push(`${indent}end`);
}

function newNode(drawing: Drawing, id?: string): string {
  const node = `n${drawing.nodes.size + 1}`;
  drawing.nodes.set(id ?? `~${node}`, node);
  return node;
}

function shapeOf(step: Step): string {
  const label = `"${escapeLabel(labelOf(step))}"`;
  switch (step.kind) {
    case 'check':
      return `{{${label}}}`;
    case 'approval':
    case 'wait':
      return `(${label})`;
    case 'workflow':
      return `[[${label}]]`;
    default:
      return `[${label}]`;
  }
}

function labelOf(step: Step): string {
  return step.name ?? step.id;
}

const LONGEST_LABEL = 80;

/** Mermaid reads quotation marks, back-ticks, `%%{` and HTML even inside quoted labels: all but plain text is coded. */
function escapeLabel(label: string): string {
  const line = label.replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ').trim();
  const shown =
    [...line].length > LONGEST_LABEL ? `${[...line].slice(0, LONGEST_LABEL - 1).join('')}…` : line;
  return shown.replace(/[^\p{L}\p{N} _.,:/()@+=…-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** From what needs attention most to what needs none; with fill and border. */
const COLOURS = {
  failed: ['#fecaca', '#b91c1c'],
  timed_out: ['#fecaca', '#b91c1c'],
  cancelled: ['#e5e7eb', '#6b7280'],
  waiting: ['#fde68a', '#b45309'],
  retrying: ['#fed7aa', '#c2410c'],
  running: ['#bfdbfe', '#1d4ed8'],
  ready: ['#e0e7ff', '#4338ca'],
  pending: ['#f3f4f6', '#9ca3af'],
  succeeded: ['#bbf7d0', '#15803d'],
  skipped: ['#f3f4f6', '#d1d5db'],
} as const;
const STATUSES = Object.entries(COLOURS);

function colourLines(drawing: Drawing, statuses: Readonly<Record<string, string>>): string[] {
  const worst = new Map<string, number>();
  for (const [path, status] of Object.entries(statuses)) {
    // Ids are unique, and elements and branches are numbers, which no id is.
    const node = drawing.nodes.get(path.slice(path.lastIndexOf('/') + 1));
    const rank = STATUSES.findIndex(([name]) => name === status);
    if (node !== undefined && rank !== -1) worst.set(node, Math.min(rank, worst.get(node) ?? rank));
  }
  return STATUSES.flatMap(([status, [fill, stroke]], rank) => {
    const nodes = [...worst].filter(([, each]) => each === rank).map(([node]) => node);
    if (nodes.length === 0) return [];
    const style = `fill:${fill},stroke:${stroke},color:#111827`;
    return [`  classDef ${status} ${style}`, `  class ${nodes.join(',')} ${status}`];
  });
}
