import { join } from 'node:path';
import { cargoPackages } from '../affected/cargo-packages.ts';
import { coverageMissing, type Job, type Runner, type TestCase } from '../runner.ts';

const STATUS = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' } as const;

export const cargoTest: Runner = {
  name: 'cargo',
  program: 'cargo',
  install: { apt: 'cargo', other: 'install Rust from https://rustup.rs' },
  async recognise({ folder }) {
    const reason = folder.file('Cargo.toml');
    return reason === undefined ? undefined : { reason, strong: true };
  },
  isAffectedBy: (path) => /(\.rs|Cargo\.(toml|lock))$/.test(path),
  affectsAll: (path) => /^(Cargo|rust-toolchain)\.(toml|lock)$/.test(path),
  affected: cargoPackages,
  async run(job) {
    return {
      arguments: ['test', ...packages(job), '--no-fail-fast', '--color=never', ...named(job)],
      env: { RUST_BACKTRACE: '0' },
      skipped: job.coverage ? [coverageMissing('cargo', 'cargo test does not measure it')] : [],
    };
  },
  async read(_, { stdout }) {
    return /^test result: /m.test(stdout) ? { cases: casesOf(stdout) } : undefined;
  },
  async collect({ context }) {
    return {
      // Neither what is compiled for a plan nor a new lock file must be left in the repository.
      arguments: ['test', '--workspace', '--locked', '--color=never', '--', '--list'],
      env: { CARGO_TARGET_DIR: join(context.dataDir, 'cargo-target') },
    };
  },
  async readCollected(_, completed) {
    if (completed?.code !== 0) return undefined;
    return [...completed.stdout.matchAll(/^(.+): test$/gm)].map(([, name = '']) => ({ name }));
  },
};

/** Its selection is made of packages, since it has no test files. */
function packages({ selection: { changed } }: Job): string[] {
  return changed.length === 0 ? ['--workspace'] : changed.flatMap((name) => ['--package', name]);
}

/** After `--` come names for the tests themselves. */
function named({ selection }: Job): string[] {
  const { pattern, failed } = selection;
  if (failed.length > 0) return ['--', '--exact', ...failed.map(({ id }) => id)];
  return pattern === undefined ? [] : ['--', pattern];
}

/** Before Rust 1.73 the message stood in front of the place, in quotes and over as many lines as it has. */
const PANIC = /panicked at (?:'[\s\S]*?', )?(\S+?\.rs):(\d+):\d+/;

/** The text of Rust's own test program: one line a test, then a section for each that failed. */
function casesOf(stdout: string): TestCase[] {
  const sections = new Map(
    [
      ...stdout.matchAll(/^---- (.+) stdout ----\n([\s\S]*?)(?=\n---- |\n\nfailures:\n|\n\ntest result)/gm),
    ].map(([, name = '', text = '']) => [name, text.trim()]),
  );
  const lines = stdout.matchAll(/^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)\b/gm);
  return [...lines].map(([, name = '', word = '']) => {
    const status = STATUS[word as keyof typeof STATUS];
    const text = sections.get(name);
    const [, file, line] = PANIC.exec(text ?? '') ?? [];
    return {
      name,
      id: name,
      status,
      durationMs: 0,
      ...(file === undefined ? {} : { file, line: Number(line) }),
      ...(status === 'failed' ? { message: text ?? '' } : {}),
    };
  });
}
