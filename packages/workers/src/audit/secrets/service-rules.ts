import { secretRule } from './secret-rule.ts';
import { checkDiscordToken } from './token-checks.ts';

/** Chat, mail, payment and models. */
export const SERVICE_RULES = [
  secretRule({
    id: 'secret-slack-token',
    noun: 'Slack token',
    keywords: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxe.', 'xapp-'],
    pattern:
      /\b(?:xox[bpars]-\d{8,14}-[\w-]{20,150}|xoxe[.-][\w.-]{40,250}|xapp-\d-[A-Z0-9]{9,12}-\d{10,14}-[a-f0-9]{64})/g,
  }),
  secretRule({
    id: 'secret-slack-webhook',
    noun: 'Slack webhook address',
    keywords: ['hooks.slack.com'],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Z0-9]{8,14}\/[A-Z0-9]{8,14}\/[A-Za-z0-9]{20,40})/g,
  }),
  secretRule({
    id: 'secret-discord-webhook',
    noun: 'Discord webhook address',
    keywords: ['api/webhooks/'],
    pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/(?<secret>[\w-]{60,72})/g,
  }),
  secretRule({
    id: 'secret-discord-token',
    noun: 'Discord bot token',
    keywords: ['discord'],
    pattern: /(?<![\w.-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w.-])/g,
    check: checkDiscordToken,
  }),
  secretRule({
    id: 'secret-telegram-token',
    noun: 'Telegram bot token',
    keywords: [':AA'],
    pattern: /(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-stripe-key',
    noun: 'Stripe live key',
    severity: 'critical',
    keywords: ['sk_live_', 'rk_live_'],
    pattern: /\b[sr]k_live_[A-Za-z0-9]{24,247}\b/g,
  }),
  secretRule({
    id: 'secret-stripe-test-key',
    noun: 'Stripe test key',
    severity: 'low',
    keywords: ['sk_test_', 'rk_test_'],
    pattern: /\b[sr]k_test_[A-Za-z0-9]{24,247}\b/g,
    elsewhere: 'ignored',
  }),
  secretRule({
    id: 'secret-stripe-webhook',
    noun: 'Stripe webhook secret',
    keywords: ['whsec_'],
    pattern: /\bwhsec_[A-Za-z0-9+/]{32,64}={0,2}/g,
    elsewhere: 'medium',
  }),
  secretRule({
    id: 'secret-shopify-token',
    noun: 'Shopify token',
    keywords: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    pattern: /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b/g,
  }),
  secretRule({
    id: 'secret-square-token',
    noun: 'Square token',
    keywords: ['sq0atp-', 'sq0csp-'],
    pattern: /\bsq0(?:atp-[\w-]{22}|csp-[\w-]{43})(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-twilio-key',
    noun: 'Twilio API key',
    keywords: ['twilio'],
    pattern: /\bSK[0-9a-f]{32}\b/g,
  }),
  secretRule({
    id: 'secret-sendgrid-key',
    noun: 'SendGrid API key',
    keywords: ['SG.'],
    pattern: /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-mailgun-key',
    noun: 'Mailgun API key',
    keywords: ['mailgun'],
    pattern: /\bkey-[0-9a-f]{32}\b/g,
  }),
  secretRule({
    id: 'secret-openai-key',
    noun: 'OpenAI API key',
    keywords: ['T3BlbkFJ'],
    // The middle is "OpenAI" in base 64.
    pattern: /\bsk-(?:(?:proj|svcacct|admin)-)?[\w-]{20,80}T3BlbkFJ[\w-]{20,80}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-anthropic-key',
    noun: 'Anthropic API key',
    keywords: ['sk-ant-'],
    pattern: /\bsk-ant-(?:api|admin|oat|ort)\d\d-[\w-]{80,120}(?![\w-])/g,
  }),
  secretRule({
    id: 'secret-huggingface-token',
    noun: 'Hugging Face token',
    keywords: ['hf_'],
    pattern: /\bhf_[A-Za-z]{34}\b/g,
  }),
  secretRule({
    id: 'secret-model-provider-key',
    noun: 'model provider key',
    keywords: ['gsk_', 'xai-', 'pplx-', 'r8_'],
    pattern: /\b(?:gsk_[A-Za-z0-9]{52}|xai-[A-Za-z0-9]{80}|pplx-[A-Za-z0-9]{48}|r8_[A-Za-z0-9]{37})\b/g,
  }),
];
