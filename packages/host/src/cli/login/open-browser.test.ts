import { expect, test } from 'vitest';
import { browserOf } from './open-browser.ts';

test.each([
  ['linux', { DISPLAY: ':0' }, ['xdg-open']],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
  ['linux', {}, undefined],
  ['linux', { DISPLAY: '' }, undefined],
  ['linux', { DISPLAY: ':0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, undefined],
  ['darwin', {}, ['open']],
  ['darwin', { SSH_CONNECTION: 'x' }, undefined],
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
] as const)('on %s with %o a page is opened by %o, and nowhere that nobody sits at', (platform, env, command) => {
  expect(browserOf(platform, env)).toEqual(command);
});
