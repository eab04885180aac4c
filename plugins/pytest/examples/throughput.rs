//! Measures the parser alone: `cargo run --release -p tribunal-judge-pytest --example throughput`.
#![expect(clippy::print_stdout, reason = "a measurement for people")]

use std::time::Instant;

use tribunal_judge_pytest::parser::{Notice, Parser};

const MEGABYTES: usize = 200;

fn main() {
    let noise = "2026-01-01 12:00:00,000 INFO  worker.py:412 handled request 1234 in 12 ms (ok)\n";
    let verbose = "tests/unit/test_things.py::TestThing::test_case[alpha-1] PASSED      [ 42%]\n";
    let dots = "................................................................ [ 42%]\n";
    let short = "x\n";
    for (name, line) in [
        ("noise", noise),
        ("verbose", verbose),
        ("dots", dots),
        ("short", short),
    ] {
        let chunk = line.repeat(65_536 / line.len());
        let mut notices = 0_usize;
        let mut report = |_: Notice| notices += 1;
        let mut parser = Parser::new();
        let start = Instant::now();
        let rounds = MEGABYTES * 1_000_000 / chunk.len();
        for _ in 0..rounds {
            parser.feed(chunk.as_bytes(), &mut report);
        }
        let reader = parser.end(&mut report);
        let rate = (rounds * chunk.len()) as u128 / start.elapsed().as_micros().max(1);
        println!(
            "{name:<8} {rate:>5} MB/s, {} lines, {notices} notices",
            reader.lines
        );
    }
}
