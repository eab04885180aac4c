//! Standard output as a pipe: plain lines, events, a reader that is slow or gone.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;

use crate::support::{Project, Ran, ran};

/// One of every kind of problem, with a case that has a file and a line.
fn problems() -> Project {
    let project = Project::new(
        r#"
        [suites.unit]
        script = "sh run-tap"
        judge = "tap"
        [suites.lint]
        script = "echo 'src/cart.py:88: line too long'; exit 3"
        [suites.odd]
        script = "kill -KILL $$"
        matrix = { v = ["a b"] }
        [suites.missing]
        command = ["./not-there"]
        [suites.empty]
        script = "echo 1..0"
        judge = "tap"
        [suites.flaky]
        script = "if [ -e flag ]; then echo ok; else touch flag; echo 'first try'; exit 1; fi"
        retries = { failed = 1 }
        [suites.ok]
        command = ["true"]
        "#,
    );
    project.write(
        "run-tap",
        "echo '1..2'\necho 'not ok 1 - total with coupon'\n\
         echo '  ---'\necho '  message: 17.99 is not 18.00'\necho '  file: tests/cart.py'\n\
         echo '  line: 88'\necho '  ...'\necho 'ok 2 - tax'\nexit 1\n",
    );
    project
}

/// Runs a line that the output itself names, as a person would: by a shell.
pub(crate) fn shell(project: &Project, line: &str) -> Ran {
    let known = project.command(&[]);
    let bin = std::path::Path::new(known.get_program())
        .parent()
        .expect("a folder");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(project.path());
    for (name, value) in known.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    ran(&command.env("PATH", path).output().expect("sh"))
}

/// The commands that an output names.
pub(crate) fn commands(text: &str) -> Vec<String> {
    let command = Regex::new(r"(?m)(?:→ |-> |again: |: )(tribunal .*?)(?:   |$)").expect("right");
    let mut found: Vec<String> = command
        .captures_iter(text)
        .map(|found| found[1].trim_end().to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_command_that_the_output_names_works() {
    let project = problems();
    let run = project.tribunal(&["run", "--jobs", "4"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let mut waiting = commands(&run.out);
    let mut seen: Vec<String> = Vec::new();
    for suite in ["unit", "lint", "'odd[v=a b]'", "missing", "empty", "flaky"] {
        let shows = waiting
            .iter()
            .any(|line| line.contains(" show ") && line.ends_with(suite));
        assert!(shows, "{suite} leads nowhere: {waiting:#?}\n{}", run.out);
    }
    // What is shown then names commands too.
    while let Some(line) = waiting.pop() {
        let answer = shell(&project, &line);
        let again = line.starts_with("tribunal run ");
        let code = Some(i32::from(again));
        assert_eq!(answer.code, code, "{line}\n{}{}", answer.out, answer.err);
        assert!(!answer.out.is_empty(), "{line} says nothing");
        seen.push(line);
        if !again {
            let more = commands(&answer.out).into_iter();
            waiting.extend(more.filter(|line| !seen.contains(line)).collect::<Vec<_>>());
            waiting.sort();
            waiting.dedup();
        }
    }
    for verb in ["show", "logs", "run"] {
        let some = seen
            .iter()
            .any(|line| line.starts_with(&format!("tribunal {verb} ")));
        assert!(some, "no {verb} in {seen:#?}");
    }
    assert!(
        seen.iter().any(|line| line.ends_with("flaky --attempt 1")),
        "{seen:#?}"
    );
}

#[test]
fn commands_name_the_pipeline_where_it_is_elsewhere() {
    let project = Project::empty();
    project.write(
        "sub dir/pipeline.toml",
        "version = 1\nname = 'x'\n[suites.a]\nscript = 'echo why; exit 1'\n",
    );
    let run = project.tribunal(&["run", "--pipeline", "sub dir/pipeline.toml"]);
    let found = commands(&run.out);
    assert!(found.len() >= 3, "{}", run.out);
    for line in found {
        assert!(
            line.ends_with(" --pipeline 'sub dir/pipeline.toml'"),
            "{line}"
        );
        let code = i32::from(line.starts_with("tribunal run"));
        assert_eq!(shell(&project, &line).code, Some(code), "{line}");
    }
}

#[test]
fn a_suite_is_shown_with_all_that_is_known() {
    let project = problems();
    project.tribunal(&["run"]);
    let shown = project.tribunal(&["show", "latest", "unit"]);
    for words in [
        "FAILED     unit",
        "tests/cart.py:88",
        "17.99 is not 18.00",
        "tribunal logs ",
    ] {
        assert!(shown.out.contains(words), "{words}\n{}", shown.out);
    }
    for words in ["lint", "=== FAILED", "exit 1:"] {
        assert!(!shown.out.contains(words), "{words}\n{}", shown.out);
    }
    let two = project.tribunal(&["show", "latest", "ok", "flaky"]);
    assert!(
        two.out.contains("PASSED     ok") && two.out.contains("attempt 1: exit 1"),
        "{}",
        two.out
    );
    let wrong = project.tribunal(&["show", "latest", "unti"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.err.contains("did you mean \"unit\"?"),
        "{}",
        wrong.err
    );
}

#[test]
fn no_escape_and_no_carriage_return_leaves_through_a_pipe() {
    let project = Project::new(
        r"
        [suites.hostile]
        script = '''printf '\033[31mred\033[0m\033]52;c;aGk=\007\r\n50%%\r100%%\n\033[2J\033[?1049h\302\233 31m'; exit 1'''
        ",
    );
    for args in [
        &[][..],
        &["-v"],
        &["-vv"],
        &["-q"],
        &["--output", "all"],
        &["--output", "live"],
    ] {
        let run = project.tribunal(&[&["run"], args].concat());
        assert_eq!(run.code, Some(1));
        let stray = run.out.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(stray, None, "{args:?}: {:?}", run.out);
    }
}

#[test]
fn a_reader_that_leaves_changes_nothing() {
    let project = problems();
    let answer = shell(&project, "{ tribunal run -v; echo code $? >&2; } | head -1");
    assert!(answer.out.starts_with("tribunal "), "{}", answer.out);
    assert_eq!(answer.out.lines().count(), 1);
    assert_eq!(answer.err, "code 1\n");
    let summary = std::fs::read(project.latest().join("summary.json")).expect("the run ended");
    assert!(!summary.is_empty());
}

/// The pipe takes 64 KiB; the report is many times that. All suites end while nobody reads.
#[test]
fn a_reader_that_does_not_read_delays_no_suite() {
    const SUITES: usize = 24;
    for format in [&["--output", "live"][..], &["--format", "jsonl"]] {
        let project = Project::new(
            r#"
            [suites.s]
            script = "seq 1 4000; touch done-$N"
            judge = "exit-code"
            matrix = { n = [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24] }
            env = { N = "${matrix.n}" }
            "#,
        );
        // So that the events too are more than the pipe holds.
        let long = "x".repeat(4_000);
        let label = format!("labels = {{ long = '{long}' }}\n");
        let file = project.path().join("pipeline.toml");
        let text = std::fs::read_to_string(&file).expect("there");
        std::fs::write(&file, text.replace("judge =", &format!("{label}judge =")))
            .expect("written");
        let mut child = project
            .command(&[&["run", "--jobs", "4"], format].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let begun = Instant::now();
        let done = || {
            (1..=SUITES)
                .filter(|n| project.path().join(format!("done-{n}")).exists())
                .count()
        };
        while done() < SUITES {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{} of {SUITES} ended",
                done()
            );
            assert!(child.try_wait().expect("asked").is_none(), "it ended early");
            std::thread::sleep(Duration::from_millis(20));
        }
        // Its summary too is written while the reader sleeps; only the report is not out.
        let summary = project.path().join(".tribunal/runs/latest/summary.json");
        while !summary.exists() {
            assert!(begun.elapsed() < Duration::from_mins(1), "no summary");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(
            child.try_wait().expect("asked").is_none(),
            "the report waits"
        );
        let mut text = String::new();
        child
            .stdout
            .take()
            .expect("a pipe")
            .read_to_string(&mut text)
            .expect("read");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        if format.contains(&"live") {
            assert_eq!(text.matches("│ 4000\n").count(), SUITES, "{text}");
            assert!(text.contains("PASS  24 suites: 24 passed"), "{text}");
        } else {
            let journal = std::fs::read_to_string(project.latest().join("events.jsonl"));
            assert_eq!(text, journal.expect("the journal"));
        }
    }
}

#[test]
fn events_are_printed_as_the_journal_has_them() {
    let project = problems();
    let run = project.tribunal(&["run", "--format", "jsonl"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let journal = std::fs::read_to_string(project.latest().join("events.jsonl"));
    assert_eq!(run.out, journal.expect("the journal"));
    let first: serde_json::Value =
        serde_json::from_str(run.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&first["event"], &first["version"]),
        (&"run-started".into(), &1.into())
    );
    let last: serde_json::Value =
        serde_json::from_str(run.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["event"], "run-finished");
    let selected = last["totals"]["selected"].as_u64().expect("a number");
    assert_eq!(
        last["summary"]["suites"].as_array().map(Vec::len),
        usize::try_from(selected).ok()
    );
}

#[test]
fn a_signal_asks_what_runs() {
    let project = Project::new(
        "[suites.a]\nscript = 'echo the last line; touch up; while [ -e pipeline.toml ] && ! [ -e go ]; do sleep 0.05; done'",
    );
    let mut child = project
        .command(&["run"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    let wait = |done: &dyn Fn() -> bool| {
        while !done() {
            assert!(begun.elapsed() < Duration::from_mins(1));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait(&|| project.path().join("up").exists());
    let sent = Command::new("kill")
        .args(["-USR1", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
    let mut out = child.stdout.take().expect("a pipe");
    let mut text = String::new();
    while !text.contains("│ the last line\n") {
        assert!(begun.elapsed() < Duration::from_mins(1), "{text}");
        let mut bytes = [0; 4096];
        let count = out.read(&mut bytes).expect("read");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert!(
        text.contains("INFO  at ") && text.contains("1 suite running"),
        "{text}"
    );
    project.write("go", "");
    out.read_to_string(&mut text).expect("read");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{text}");
}

#[test]
fn two_axes_say_what_is_shown() {
    let project = Project::new(
        "[suites.good]\nscript = 'echo from good'\n[suites.bad]\nscript = 'echo from bad; exit 1'",
    );
    let run = |args: &[&str]| {
        project
            .tribunal(&[&["run", "--jobs", "1"], args].concat())
            .out
    };
    let has = |text: &str, words: [bool; 4]| {
        let found = ["PASSED", "FAILED     bad", "│ from good", "│ from bad"]
            .map(|word| text.contains(word));
        assert_eq!(found, words, "{text}");
        assert!(
            text.contains("FAIL  2 suites: 1 passed, 1 failed") || text.is_empty(),
            "{text}"
        );
    };
    has(&run(&[]), [true, true, false, true]);
    has(&run(&["--show", "problems"]), [false, true, false, true]);
    has(&run(&["--output", "none"]), [true, true, false, false]);
    has(&run(&["--output", "all"]), [true, true, true, true]);
    has(
        &run(&["--output", "live", "--show", "problems"]),
        [false, true, true, true],
    );
    has(&run(&["-q"]), [false, true, false, false]);
    has(&run(&["-qq"]), [false, false, false, false]);
    let verbose = run(&["-v"]);
    has(&verbose, [true, true, false, true]);
    assert!(
        verbose.contains("output: plain, because standard output is no terminal"),
        "{verbose}"
    );
    for args in [&["--output", "all"][..], &["--output", "live"]] {
        let text = run(args);
        for line in ["│ from good", "│ from bad"] {
            assert_eq!(text.matches(line).count(), 1, "{args:?}\n{text}");
        }
    }
}

#[test]
fn an_accessible_terminal_gets_words_alone() {
    let project = problems();
    let plain = project
        .command(&["run", "--color", "always"])
        .env("ACCESSIBLE", "1")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("it runs");
    let text = ran(&plain).out;
    assert!(text.is_ascii(), "{text}");
    let locale = project
        .command(&["run"])
        .env("LC_ALL", "C")
        .env_remove("LANG")
        .output()
        .expect("it runs");
    assert!(ran(&locale).out.is_ascii(), "{}", ran(&locale).out);
}
