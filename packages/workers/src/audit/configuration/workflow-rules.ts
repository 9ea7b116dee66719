import type { Rule } from '../rule.ts';

const workflow = (given: Omit<Rule, 'kind'>): Rule => ({ kind: 'configuration', ...given });

export const UNPINNED_ACTION = workflow({
  id: 'workflow-unpinned-action',
  title: 'Action taken from a branch',
  severity: 'medium',
  confidence: 'high',
  cwe: 829,
  fix: 'name a release tag, best the full commit id with the tag as a comment',
  keywords: ['uses:'],
});

export const FOREIGN_CHECKOUT = workflow({
  id: 'workflow-foreign-checkout',
  title: 'Code of a stranger checked out beside secrets',
  severity: 'high',
  confidence: 'high',
  cwe: 829,
  fix: 'use the trigger pull_request, or do not check out the head of the pull request',
  keywords: ['pull_request_target', 'workflow_run'],
});

export const SCRIPT_INJECTION = workflow({
  id: 'workflow-script-injection',
  title: "Words of a stranger in a script's text",
  severity: 'high',
  confidence: 'high',
  cwe: 94,
  fix: 'pass the value by env: and write "$NAME" in the script',
  keywords: ['github.event', 'github.head_ref'],
});

export const BROAD_TOKEN = workflow({
  id: 'workflow-broad-token',
  title: 'Token that may write everything',
  severity: 'low',
  confidence: 'high',
  cwe: 250,
  fix: 'list only the permissions that the job needs',
  keywords: ['write-all'],
});

export const WORKFLOW_RULES: readonly Rule[] = [
  UNPINNED_ACTION,
  FOREIGN_CHECKOUT,
  SCRIPT_INJECTION,
  BROAD_TOKEN,
];
