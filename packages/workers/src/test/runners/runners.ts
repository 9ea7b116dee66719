import type { Runner } from '../runner.ts';
import { cargoTest } from './cargo-test.ts';
import { goTest } from './go-test.ts';
import { jest } from './jest.ts';
import { nodeTest } from './node-test.ts';
import { pytest } from './pytest.ts';
import { vitest } from './vitest.ts';

/** Every test runner, in the order in which they run. */
export const RUNNERS: readonly Runner[] = [vitest, jest, nodeTest, pytest, goTest, cargoTest];
