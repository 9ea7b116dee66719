const LOGIN = /^login\/([a-z][a-z0-9-]{1,49})$/;

/** The secret that the login at an MCP server is: no other one can be called so, and nobody ever sees its value. */
export function loginSecret(server: string): string {
  return `login/${server}`;
}

/** The server that a secret is the login at; undefined: it is another one. */
export function serverOfLogin(secret: string): string | undefined {
  return LOGIN.exec(secret)?.[1];
}
