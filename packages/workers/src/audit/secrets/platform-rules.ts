import { secretRule } from './secret-rule.ts';
import { checkBase62Crc, checkGrafanaCrc } from './token-checks.ts';

/** Where code and packages live, and what watches over them. */
export const PLATFORM_RULES = [
  secretRule({
    id: 'secret-github-token',
    noun: 'GitHub token',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g,
    check: checkBase62Crc,
  }),
  secretRule({
    id: 'secret-github-fine-grained-token',
    noun: 'GitHub fine-grained token',
    severity: 'critical',
    keywords: ['github_pat_'],
    pattern: /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g,
  }),
  secretRule({
    id: 'secret-gitlab-token',
    noun: 'GitLab token',
    keywords: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glsoat-', 'glagent-'],
    pattern: /\bgl(?:pat|dt|rt|ptt|cbt|soat|agent)-[\w.-]{20,300}/g,
  }),
  secretRule({
    id: 'secret-npm-token',
    noun: 'npm token',
    keywords: ['npm_'],
    pattern: /\bnpm_[A-Za-z0-9]{36}\b/g,
    check: checkBase62Crc,
  }),
  secretRule({
    id: 'secret-npmrc-token',
    noun: 'npm registry token',
    keywords: ['_authToken', '_auth='],
    pattern: /:_auth(?:Token)?[ \t]{0,4}=[ \t]{0,4}["']?(?<secret>[A-Za-z0-9+/=_.-]{16,300})/g,
  }),
  secretRule({
    id: 'secret-pypi-token',
    noun: 'PyPI token',
    severity: 'critical',
    keywords: ['pypi-AgE'],
    // The start is the fixed head of a macaroon for pypi.org or test.pypi.org.
    pattern: /\bpypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)[\w-]{50,1000}/g,
  }),
  secretRule({
    id: 'secret-docker-token',
    noun: 'Docker Hub token',
    keywords: ['dckr_pat_', 'dckr_oat_'],
    pattern: /\bdckr_[po]at_[\w-]{27,32}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-atlassian-token',
    noun: 'Atlassian token',
    keywords: ['ATATT3', 'ATCTT3'],
    pattern: /\bAT[AC]TT3[\w=-]{60,300}/g,
  }),
  secretRule({
    id: 'secret-grafana-token',
    noun: 'Grafana service account token',
    keywords: ['glsa_'],
    pattern: /\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b/g,
    check: checkGrafanaCrc,
  }),
  secretRule({
    id: 'secret-newrelic-key',
    noun: 'New Relic user key',
    keywords: ['NRAK-'],
    pattern: /\bNRAK-[A-Z0-9]{27}\b/g,
  }),
  secretRule({
    id: 'secret-postman-key',
    noun: 'Postman API key',
    keywords: ['PMAK-'],
    pattern: /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b/g,
  }),
  secretRule({
    id: 'secret-linear-key',
    noun: 'Linear API key',
    keywords: ['lin_api_'],
    pattern: /\blin_api_[A-Za-z0-9]{40}\b/g,
  }),
  secretRule({
    id: 'secret-supabase-token',
    noun: 'Supabase access token',
    keywords: ['sbp_'],
    pattern: /\bsbp_[a-f0-9]{40}\b/g,
  }),
];
