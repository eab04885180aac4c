//! Compilation of untrusted files, in a process of its own and within limits.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tribunal::plugin::compile::Allowance;
use tribunal::plugin::{Cache, Registry};

use crate::kit::{Bench, judge, text, wasm};
use crate::support::Project;

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_tribunal"))
}

fn load(bench: &Bench, bytes: &[u8], cache: Cache) -> Result<Registry, String> {
    let specs = [("custom".to_owned(), bench.spec(bytes))].into();
    Registry::load_with(&specs, cache)
        .map_err(|mut errors| errors.pop().expect("an error").problem.to_string())
}

/// A judge with one function that no compiler likes: every block may branch to every other, with a value.
fn bomb() -> Vec<u8> {
    let (blocks, mut body) = (4_000, String::new());
    for _ in 0..blocks {
        body.push_str("(block ");
    }
    for at in 0..blocks {
        write!(
            body,
            "(br_if {} (local.get 0)) (local.set 1 (i64.add (local.get 1) (local.get 2)))) \
             (local.set 2 (i64.mul (local.get 1) (i64.const {at})))",
            (blocks - at - 1) / 2
        )
        .expect("a string takes everything");
    }
    wasm(&text(&format!(
        "(func $bomb (param i32) (local i64 i64) {body})"
    )))
}

#[tokio::test]
async fn a_judge_is_compiled_in_a_process_of_its_own() {
    let bench = Bench::new();
    let cache = bench.cache().compiling_in(program());
    let registry = load(&bench, &wasm(&text("")), cache).expect("a judge");
    let custom = registry.get("custom").expect("this judge");
    assert!(judge(custom.as_ref(), b"").await.verdict.is_ok());
}

#[test]
fn what_takes_too_long_or_too_much_to_compile_is_refused_in_words() {
    let bench = Bench::new();
    let bytes = bomb();
    let within = |allowance| {
        load(
            &bench,
            &bytes,
            bench.cache().compiling_within(program(), allowance),
        )
    };
    let soon = Allowance {
        wall: Duration::from_millis(1),
        ..Allowance::default()
    };
    let refusal = within(soon).err().expect("a refusal");
    assert!(
        refusal.contains("compiling it took longer than 1ms"),
        "{refusal}"
    );
    let tight = Allowance {
        memory: 64 << 20,
        ..Allowance::default()
    };
    let refusal = within(tight).err().expect("a refusal");
    assert!(refusal.starts_with("compiling it "), "{refusal}");
    let short = Allowance {
        code: 100,
        ..Allowance::default()
    };
    let small = load(
        &bench,
        &wasm(&text("")),
        bench.cache().compiling_within(program(), short),
    );
    let refusal = small.err().expect("a refusal");
    assert!(refusal.contains("more than 100 bytes of code"), "{refusal}");
}

#[test]
fn what_takes_too_much_cpu_time_to_compile_is_refused_in_words() {
    let bench = Bench::new();
    let brief = Allowance {
        cpu: Duration::from_secs(1),
        ..Allowance::default()
    };
    let refused = (1..6).find_map(|times| {
        let cache = bench.cache().compiling_within(program(), brief);
        load(&bench, &heavy(4_000 * times), cache).err()
    });
    assert_eq!(
        refused.expect("a refusal"),
        "compiling it took more than 1s of CPU time; nothing that is this costly to compile is used as a judge"
    );
}

#[test]
fn what_does_not_compile_says_why() {
    let bench = Bench::new();
    // A body that leaves nothing where a number is due: only validation finds out.
    let mut bytes = wasm(&text(
        "(func (export \"extra\") (result i64) (i64.const 0x123456789))",
    ));
    let constant = [0x42, 0x89, 0xcf, 0x95, 0x9a, 0x12];
    let at = bytes
        .windows(constant.len())
        .position(|window| window == constant)
        .expect("the constant");
    bytes[at..at + constant.len()].fill(0x01);
    let refusal = load(&bench, &bytes, bench.cache().compiling_in(program()));
    let refusal = refusal.err().expect("a refusal");
    assert!(refusal.contains("damaged or cut short"), "{refusal}");
}

/// A judge with so many functions that nobody calls, and that have to be compiled all the same.
fn heavy(functions: usize) -> Vec<u8> {
    let mut core = String::new();
    for n in 0..functions {
        write!(core, "(func (param i64) (result i64) (local.get 0)")
            .expect("a string takes everything");
        for step in 0..200 {
            let number = n * 1_000 + step;
            write!(core, "(i64.const {number}) i64.mul (local.get 0) i64.xor")
                .expect("a string takes everything");
        }
        core.push(')');
    }
    wasm(&text(&core))
}

/// A compilation of more than two seconds, however fast the machine is: then it is told, and only then.
#[test]
fn a_first_compilation_is_shown_with_its_progress_and_a_second_there_is_none() {
    let project = Project::new(
        "[judges.heavy]\npath = 'heavy.wasm'\n[suites.a]\ncommand = ['true']\njudge = 'heavy'\n",
    );
    let run = || {
        // A cache of its own: that of all tests remembers.
        let cache = project.path().join("cache");
        let mut command = project.command(&["run", "-q"]);
        let output = command.env("TRIBUNAL_CACHE_DIR", cache).output();
        crate::support::ran(&output.expect("the binary starts"))
    };
    let mut functions = 500;
    let told = loop {
        assert!(functions < 50_000, "no compilation takes two seconds");
        project.write("heavy.wasm", heavy(functions));
        let ran = run();
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        if ran.err.contains("compiling") {
            break ran.err;
        }
        functions *= 2;
    };
    let line = told.lines().find(|line| line.contains("compiling heavy ("));
    let line = line.unwrap_or_else(|| panic!("the name of what is compiled: {told}"));
    assert!(
        line.contains("iB), once: ") && line.ends_with("s so far"),
        "{line}"
    );
    let again = run();
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    assert!(!again.err.contains("compiling"), "{}", again.err);
}
