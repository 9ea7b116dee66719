import type { RunDetails } from '../show/run-details.ts';
import { htmlReport } from './html-report.ts';
import { junitReport } from './junit-report.ts';
import { sarifReport } from './sarif-report.ts';

/** A run as a whole document, by the name of the format. */
export const EXPORTS: Readonly<Record<string, (run: RunDetails) => string>> = {
  html: htmlReport,
  junit: junitReport,
  sarif: sarifReport,
};
