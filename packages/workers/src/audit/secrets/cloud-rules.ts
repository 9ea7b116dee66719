import { secretRule } from './secret-rule.ts';

/** Every emulator of Azure storage ships this key; it opens nothing. */
const AZURITE_KEY_START = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6';

/** Clouds and what runs in them. */
export const CLOUD_RULES = [
  secretRule({
    id: 'secret-aws-access-key-id',
    noun: 'AWS access key id',
    keywords: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g,
    elsewhere: 'medium',
  }),
  secretRule({
    id: 'secret-aws-secret-key',
    noun: 'AWS secret access key',
    severity: 'critical',
    keywords: ['aws'],
    pattern:
      /aws.{0,20}?(?:secret|\bsk\b).{0,20}?[=:]\s{0,4}["']?(?<secret>[A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])/gi,
    minimumEntropy: 4,
  }),
  secretRule({
    id: 'secret-google-api-key',
    noun: 'Google API key',
    keywords: ['AIza'],
    pattern: /\bAIza[\w-]{35}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-google-client',
    noun: 'Google OAuth client secret',
    keywords: ['GOCSPX-'],
    pattern: /\bGOCSPX-[\w-]{28}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-azure-storage',
    noun: 'Azure storage account key',
    severity: 'critical',
    keywords: ['AccountKey='],
    pattern: /AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/gi,
    check: (secret) => (secret.startsWith(AZURITE_KEY_START) ? 'none' : 'likely'),
  }),
  secretRule({
    id: 'secret-azure-client',
    noun: 'Azure client secret',
    keywords: ['Q~'],
    pattern: /(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/g,
  }),
  secretRule({
    id: 'secret-digitalocean-token',
    noun: 'DigitalOcean token',
    keywords: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: /\bdo[opr]_v1_[a-f0-9]{64}\b/g,
  }),
  secretRule({
    id: 'secret-vault-token',
    noun: 'HashiCorp Vault token',
    keywords: ['hvs.', 'hvb.'],
    pattern: /\bhv[sb]\.[\w-]{90,300}/g,
  }),
  secretRule({
    id: 'secret-terraform-token',
    noun: 'Terraform Cloud token',
    keywords: ['.atlasv1.'],
    pattern: /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}/g,
  }),
  secretRule({
    id: 'secret-databricks-token',
    noun: 'Databricks token',
    keywords: ['dapi'],
    pattern: /\bdapi[a-f0-9]{32}(?:-\d)?\b/g,
  }),
  secretRule({
    id: 'secret-age-key',
    noun: 'age secret key',
    severity: 'critical',
    keywords: ['AGE-SECRET-KEY-1'],
    pattern: /\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b/g,
  }),
];
