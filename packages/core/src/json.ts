export { canonicalJson } from '@cadre/sdk/canonical-json';
