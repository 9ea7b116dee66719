import type { EffectClass, JsonObject } from '@cadre/sdk';

/** How an MCP server is reached. Values may name secrets as `secret:NAME`; they never hold one. */
export type McpReach =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly auth?: McpAuth;
    };

/** How one signs in at a server: OAuth 2.1. What comes of it is kept outside of the workspace. */
export interface McpAuth {
  /** `authorization_code`: a person does, once · `client_credentials`: this program does, whenever it has to. */
  readonly grant: 'authorization_code' | 'client_credentials';
  /** The only authorization server that counts; absent: the one that the server names. */
  readonly issuer?: string;
  readonly clientId?: string;
  /** Name of the secret, which goes to the issuer alone. */
  readonly clientSecret?: string;
  /** Address of a client id metadata document that describes this client. */
  readonly clientMetadata?: string;
  readonly scope?: string;
}

/** An MCP server as people declare it, to be used as a worker. */
export interface McpServer {
  readonly name: string;
  readonly description?: string;
  readonly reach: McpReach;
  /** Beyond running its program, or reaching its host. */
  readonly permissions: readonly string[];
  /** Longest time of a call. */
  readonly timeout: string;
  /** What people who know a tool say that it does, by its name. */
  readonly effects: Readonly<Record<string, readonly EffectClass[]>>;
}

/** A tool that was accepted as it was then. */
export interface PinnedTool {
  /** The action that it is. */
  readonly action: string;
  readonly hash: string;
  readonly tool: {
    readonly name: string;
    readonly title?: string;
    readonly description?: string;
    readonly inputSchema: JsonObject;
    readonly outputSchema?: JsonObject;
    readonly annotations?: JsonObject;
  };
}
