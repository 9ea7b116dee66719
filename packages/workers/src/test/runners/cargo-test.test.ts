import { describe, expect, test } from 'vitest';
import type { Job } from '../runner.ts';
import { cargoTest } from './cargo-test.ts';

const reportOf = (panic: string) => `
running 1 test
test tests::bad ... FAILED

failures:

---- tests::bad stdout ----
${panic}
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace


failures:
    tests::bad

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;

const OLD = "thread 'tests::bad' panicked at 'assertion failed: `(left == right)`\n  left: `1`,\n right: `2`";

describe('the place of a failure', () => {
  test.each([
    ['since Rust 1.73', "thread 'tests::bad' (1) panicked at src/lib.rs:11:9:\nassertion failed"],
    ['before, in one line', "thread 'tests::bad' panicked at 'no', src/lib.rs:11:9"],
    ['before, with a message of several lines', `${OLD}: two\n\nlines', src/lib.rs:11:9`],
    ['before, with a message that looks like a place', `${OLD}: ', other.rs', src/lib.rs:11:9`],
  ])('[HYG-21] is found as Rust tells it %s', async (_, panic) => {
    const completed = { code: 101, stdout: reportOf(panic), stderr: '' };

    const report = await cargoTest.read({} as Job, completed as Parameters<typeof cargoTest.read>[1]);

    expect(report?.cases).toMatchObject([{ name: 'tests::bad', file: 'src/lib.rs', line: 11 }]);
  });
});
