export { createRecentCount, type RecentCount } from './recent-count.ts';
export { AGING_MS, createWaitingLine, type Waiting, type WaitingLine } from './waiting-line.ts';
