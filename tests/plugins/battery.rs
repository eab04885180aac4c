//! The battery: every hostile judge beside honest ones, in one run of the real program.
//!
//! Each hostile judge ends as `errored`, in words, for its own suite, and changes nothing for the others.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};

use tokio::sync::mpsc;
use tribunal::capture::Stream;
use tribunal::plugin::{Cache, Registry};

use crate::kit::{Attempt, Bench, judge_evidence, judging, text, wasm};
use crate::support::{Project, skipped, suite};

/// Name of the suite, the judge, and what is said of it.
type Hostile = (&'static str, Vec<u8>, &'static str);

/// Judges that take what they can get.
fn greedy() -> Vec<Hostile> {
    let core = |core: &str| wasm(&text(core));
    vec![
        (
            "loop",
            judging("(loop (br 0)) (unreachable)"),
            "its CPU limit of 500ms",
        ),
        (
            "loop-of-calls",
            judging("(loop (call $name (i32.const 8192)) (br 0)) (unreachable)"),
            "its CPU limit of 500ms",
        ),
        (
            "memory",
            judging(
                "(loop (br_if 0 (i32.ne (memory.grow (i32.const 160)) (i32.const -1)))) (unreachable)",
            ),
            "its memory limit of 256 MiB",
        ),
        (
            "table",
            core(
                r#"(table $t 1 funcref) (func (export "judge") (result i32)
                (drop (table.grow $t (ref.null func) (i32.const 100000000))) (i32.const 2048))"#,
            ),
            "its table limit",
        ),
        (
            "recursion",
            core(
                r#"(func $deeper (param i64) (result i64)
                (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
                (func (export "judge") (result i32) (drop (call $deeper (i64.const 0))) (i32.const 2048))"#,
            ),
            "its stack overflowed",
        ),
        ("stack-of-locals", wide(), "its stack overflowed"),
    ]
}

/// Frames of 40 kB: few calls, much stack.
fn wide() -> Vec<u8> {
    let (mut fill, mut used) = (String::new(), "(local.get 0)".to_owned());
    for n in 1..5_000 {
        write!(
            fill,
            "(local.set {n} (i64.mul (local.get 0) (i64.const {n})))"
        )
        .expect("a string takes everything");
        write!(used, "(i64.add (local.get {n}))").expect("a string takes everything");
    }
    wasm(&text(&format!(
        r#"(func $wide (param i64) (result i64) (local {locals}) {fill}
          (drop (call $wide (local.get 0))) {used})
        (func (export "judge") (result i32) (drop (call $wide (i64.const 1))) (i32.const 2048))"#,
        locals = "i64 ".repeat(5_000),
    )))
}

/// Judges that answer what cannot be.
fn lying() -> Vec<Hostile> {
    vec![
        (
            "list-of-4-gib",
            judging("(call $stderr (i32.const 0) (i32.const -1)) (i32.const 2048)"),
            "out of bounds",
        ),
        (
            "answer-of-4-gib",
            // 268,435,455 labels of 16 bytes.
            judging("(i32.store (i32.const 2092) (i32.const 0x0fffffff)) (i32.const 2048)"),
            "out of bounds",
        ),
        (
            "million-cases",
            judging(
                "(loop (call $case (i32.const 3072))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000000)))) (i32.const 2048)",
            ),
            "its case limit of 200,000",
        ),
        (
            "message-of-100-mb",
            judging(
                "(drop (memory.grow (i32.const 1600)))
                (call $log (i32.const 1) (i32.const 0) (i32.const 100000000)) (i32.const 2048)",
            ),
            "its message size limit of 4 MiB",
        ),
        (
            "no-utf-8",
            judging("(i32.store8 (i32.const 1300) (i32.const 255)) (i32.const 2048)"),
            "utf-8",
        ),
        ("trap", judging("(unreachable)"), "it aborted"),
        (
            "forged-handle",
            judging("(call $read (i32.const 5) (i32.const 9) (i32.const 8192)) (i32.const 2048)"),
            "handle",
        ),
        (
            "contradiction",
            judging(
                "(i32.store8 (i32.const 3080) (i32.const 1)) (call $case (i32.const 3072)) (i32.const 2048)",
            ),
            "did not pass",
        ),
    ]
}

#[test]
fn hostile_judges_err_in_words_and_change_nothing_for_the_others() {
    let hostile = [greedy(), lying()].concat();
    let mut pipeline = String::new();
    for (name, _, words) in &hostile {
        let limits = if words.contains("CPU") {
            "limits = { cpu = '500ms' }"
        } else {
            ""
        };
        write!(
            pipeline,
            "[judges.{name}]\npath = '{name}.wasm'\n{limits}\n\
             [suites.{name}]\ncommand = ['echo', 'hello']\njudge = '{name}'\n\
             [suites.beside-{name}]\ncommand = ['echo', 'hello']\njudge = 'honest'\n"
        )
        .expect("a string takes everything");
    }
    let project = Project::new(&format!(
        "[judges.honest]\npath = 'honest.wasm'\n{pipeline}"
    ));
    project.write("honest.wasm", judging("(i32.const 2048)"));
    for (name, bytes, _) in &hostile {
        project.write(&format!("{name}.wasm"), bytes);
    }
    let (code, summary) = project.run(&["--jobs", "4"]);
    assert_eq!(code, Some(3), "{summary:#}");
    for (name, _, words) in &hostile {
        let found = suite(&summary, name);
        assert_eq!(found["status"], "errored", "{found:#}");
        let told = found["summary"].as_str().expect("a sentence");
        assert!(told.contains(words), "{name}: {told}");
        assert_eq!(found["capture"]["bytes"], 6, "{found:#}");
        let beside = suite(&summary, &format!("beside-{name}"));
        assert_eq!(beside["status"], "passed", "{beside:#}");
        assert_eq!(beside["summary"], "fine", "{beside:#}");
    }
}

/// All strings of a verdict and a case: the terminal, and a CI that reads it, see none of it as a command.
#[test]
fn commands_in_every_string_reach_neither_terminal_nor_ci() {
    const WORDS: &str =
        r"\1b]52;c;aGk=\07\1b[2J\0a::set-output name=a::b\0a##[command]c\0a##vso[d]e";
    // Its length, where `\xx` is one byte.
    let len = WORDS.len() - 2 * WORDS.matches('\\').count();
    let at = |place: u32| {
        format!(
            "(i32.store (i32.const {place}) (i32.const 9000)) (i32.store (i32.const {}) (i32.const {len}))",
            place + 4
        )
    };
    let some = |place: u32| {
        format!(
            "(i32.store8 (i32.const {place}) (i32.const 1)) {}",
            at(place + 4)
        )
    };
    // Case: id 0, status 8, duration 16, message 32, details 44, file 56, line 68, extra 76. Verdict: summary 8,
    // extra 40; its one label is at 9200.
    let core = format!(
        r#"(data (i32.const 9000) "{WORDS}")
        (func (export "judge") (result i32)
          {label_key} {label_value}
          {id} (i32.store8 (i32.const 3080) (i32.const 1)) {message} {details} {file}
          (i32.store (i32.const 3148) (i32.const 9200)) (i32.store (i32.const 3152) (i32.const 1))
          (call $case (i32.const 3072))
          (call $log (i32.const 3) (i32.const 9000) (i32.const {len}))
          (i32.store8 (i32.const 2052) (i32.const 1)) {summary}
          (i32.store (i32.const 2088) (i32.const 9200)) (i32.store (i32.const 2092) (i32.const 1))
          (i32.const 2048))"#,
        label_key = at(9200),
        label_value = at(9208),
        id = at(3072),
        message = some(3104),
        details = some(3116),
        file = some(3128),
        summary = at(2056),
    );
    let project = Project::new(
        "[judges.loud]\npath = 'loud.wasm'\n[suites.a]\ncommand = ['echo', 'hello']\njudge = 'loud'\n",
    );
    project.write("loud.wasm", wasm(&text(&core)));
    let ran = project.tribunal(&["run", "--report", "junit=out.xml"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let shown = format!("{}{}", ran.out, ran.err);
    assert!(shown.contains("set-output name=a"), "it is shown: {shown}");
    for line in shown.lines() {
        assert!(!line.contains('\x1b') && !line.contains('\x07'), "{line:?}");
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
        assert!(
            !line.contains("##[") && !line.contains("##vso["),
            "{line:?}"
        );
    }
    let junit = fs::read_to_string(project.path().join("out.xml")).expect("a report");
    assert!(
        !junit.contains('\x1b') && !junit.contains('\x07'),
        "{junit}"
    );
}

/// Each is dropped in the middle of a call: inside a `read` that waits for more output.
#[tokio::test]
async fn ten_thousand_calls_dropped_half_way_leave_nothing_behind() {
    let bench = Bench::new();
    let custom = bench.judge(&judging(
        "(local.set $l (call $open (i32.const 2)))
         (call $read (local.get $l) (i32.const 100) (i32.const 8192))
         (call $progress (i32.const 1) (i32.const 0) (i32.const 0))
         (call $read (local.get $l) (i32.const 100) (i32.const 8192))
         (i32.const 2048)",
    ));
    let resident = || {
        let text = fs::read_to_string("/proc/self/statm").expect("Linux");
        let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        pages.unwrap_or(0_usize) * 4096
    };
    let open = || fs::read_dir("/proc/self/fd").expect("Linux").count();
    let mut attempt = Attempt::new();
    attempt.output.write(Stream::Stdout, b"hello\n");
    let mut before = (0, 0);
    for round in 0..10_000 {
        if round == 1_000 {
            before = (resident(), open());
        }
        let (sender, mut heard) = mpsc::channel(4);
        tokio::select! {
            answer = custom.judge(attempt.evidence.clone(), sender) => panic!("{answer:?}"),
            notice = heard.recv() => assert!(notice.is_some()),
        }
    }
    let grown = resident().saturating_sub(before.0);
    assert!(grown < 32 << 20, "{grown} bytes");
    // Other tests of this process open files too, but not thousands.
    assert!(open() < before.1 + 1_000, "{} of {}", open(), before.1);
    let (evidence, _dir) = attempt.finish(b"bye\n", Vec::new());
    let verdict = judge_evidence(custom.as_ref(), evidence).await.verdict;
    assert_eq!(verdict.expect("a verdict").summary, "fine");
}

#[test]
fn a_cache_of_another_user_is_not_used_and_said_so() {
    let bench = Bench::new();
    let dir = bench.path().join("theirs");
    fs::create_dir(&dir).expect("made");
    // Only root can give a folder away.
    if chown(&dir, Some(65_534), Some(65_534)).is_err() {
        skipped("only root can make a folder that belongs to another user");
        return;
    }
    assert_eq!(fs::metadata(&dir).expect("there").uid(), 65_534);
    let specs = [("custom".to_owned(), bench.spec(&wasm(&text(""))))].into();
    let registry = Registry::load_with(&specs, Cache::at(dir.clone())).expect("judges");
    let warnings: Vec<_> = registry.warnings().collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("belongs to another user"),
        "{warnings:?}"
    );
    assert_eq!(fs::read_dir(dir).expect("listed").count(), 0);
}
