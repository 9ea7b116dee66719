import { resolve } from 'node:path';
import { logDir } from '@cadre/kit/data';
import { createLog, type Log } from '@cadre/kit/log';
import { APP, type AppOptions } from './app-options.ts';
import type { Config } from './config.ts';
import { hideTexts } from './hidden-texts.ts';

/** The log file of a workspace's runs. One that cannot be written is told once, and the work goes on. */
export function openLog(config: Config, { env, place, warn }: AppOptions): Log {
  const { dir, file, level, format, maxBytes, keep } = config.log;
  const path = resolve(place.root, dir ?? logDir(APP, { env }), file);
  return createLog({
    file: path,
    onFileFailure: (error) =>
      warn(`nothing is written to ${path}: ${error instanceof Error ? error.message : error}`),
    level,
    format,
    maxBytes,
    keep,
    mask: hideTexts(config),
    // The command line has its own way of telling.
    console: { stream: { write: () => undefined } },
    fields: { workspace: place.root },
  });
}
