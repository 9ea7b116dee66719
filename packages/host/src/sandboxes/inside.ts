/** Where a confined program finds its own short-lived home and the way out. */
export const HOME_INSIDE = '/tmp/home';
export const PROXY_INSIDE = '/run/cadre/proxy.sock';
