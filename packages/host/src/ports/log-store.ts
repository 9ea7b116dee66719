import type { JsonObject, LogLevel } from '@cadre/sdk';

/** What workers say while they work. Secrets are masked before a line gets here. */
export interface LogStore {
  append(run: string, lines: readonly LogLine[]): Promise<void>;
  read(run: string, after: number, limit?: number): Promise<readonly NumberedLogLine[]>;
}

export interface LogLine {
  readonly at: number;
  readonly step: string;
  readonly attempt: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: JsonObject;
}

export interface NumberedLogLine extends LogLine {
  readonly number: number;
}
