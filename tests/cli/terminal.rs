//! A person at a terminal: the region, the keys, suspension, and what is left behind.

use std::process::Command;

use rustix::process::Signal;
use tribunal::report::terminal::{Console, Flags, Settings};

use crate::pty::Pty;
use crate::support::{Project, tribunal};

/// A suite that waits for a file, one that fails, one that never starts.
fn waiting() -> Project {
    Project::new(
        r#"
        [suites.waits]
        script = "echo the first line; echo the last line; while [ -e pipeline.toml ] && ! [ -e go ]; do sleep 0.05; done"
        [suites.fails]
        script = "echo '::error::no command'; printf '\\033[31mred\\033[0m \\033]0;title\\007'; exit 3"
        [suites.missing]
        command = ["./not-there"]
        "#,
    )
}

fn start(project: &Project, args: &[&str]) -> Pty {
    Pty::start(
        &project.command(&[&["run", "--jobs", "4"], args].concat()),
        100,
        40,
    )
}

fn go(project: &Project) {
    project.write("go", "");
}

#[test]
fn the_region_goes_and_the_lines_stay() {
    let project = waiting();
    let mut pty = start(&project, &[]);
    pty.until("a row", |pty| {
        let screen = pty.visible();
        screen.contains("  waits ") && screen.contains("2/3 done") && screen.contains("? keys")
    });
    assert!(!pty.is_as_it_was(), "keys are read");
    go(&project);
    assert_eq!(pty.code(), 1);
    let text = pty.everything();
    for once in [
        "✗ FAILED     fails",
        "! ERRORED    missing",
        "✓ PASSED     waits",
        "FAIL  3 suites",
    ] {
        assert_eq!(text.matches(once).count(), 1, "{once}\n{text}");
    }
    assert!(
        !text.contains("? keys") && !text.contains("2/3 done"),
        "{text}"
    );
    assert!(
        text.trim_end().ends_with("exit 1: a suite failed"),
        "{text}"
    );
    assert!(pty.cursor_is_shown() && pty.is_as_it_was());
}

#[test]
fn keys_are_answered() {
    let project = waiting();
    let mut pty = start(&project, &[]);
    pty.until_shown("2/3 done");
    pty.type_keys("i");
    pty.until_shown("INFO  at ");
    let screen = pty.visible();
    assert!(
        screen.contains("1 suite running, 0 waiting, 2 of 3 done"),
        "{screen}"
    );
    assert!(
        screen.contains("    waits  running  ") && screen.contains("attempt 1  pid "),
        "{screen}"
    );
    assert!(
        screen.contains("    │ the first line\n    │ the last line"),
        "{screen}"
    );
    pty.type_keys("\n");
    pty.until_shown("──── mark at ");
    pty.type_keys("?");
    pty.until_shown("    q      end the run, like Ctrl-C");
    // An arrow is no key.
    pty.type_keys("\x1b[A");
    pty.type_keys("l");
    pty.until_shown("waits   │ the last line");
    pty.type_keys("l");
    pty.until_shown("all output as it comes: off");
    pty.type_keys("q");
    assert_eq!(pty.code(), 130);
    let text = pty.everything();
    assert_eq!(text.matches("INFO  at ").count(), 1, "{text}");
    assert!(
        text.contains("CANCEL     SIGINT: asking 1 suite to end"),
        "{text}"
    );
    assert!(pty.cursor_is_shown() && pty.is_as_it_was());
}

#[test]
fn without_keys_the_terminal_is_not_touched() {
    let project = waiting();
    let mut pty = start(&project, &["--no-input"]);
    pty.until_shown("2/3 done");
    assert!(pty.is_as_it_was());
    assert!(!pty.visible().contains("? keys"), "{}", pty.visible());
    go(&project);
    assert_eq!(pty.code(), 1);
}

#[test]
fn what_is_typed_is_not_a_suites_input() {
    let project = Project::new(
        "[suites.reads]\nscript = 'cat > got; touch up; while [ -e pipeline.toml ] && ! [ -e go ]; do sleep 0.05; done'",
    );
    let mut pty = start(&project, &[]);
    pty.type_keys("xyz");
    pty.until("its input's end", |_| project.path().join("up").exists());
    pty.type_keys("xyz\n");
    go(&project);
    assert_eq!(pty.code(), 0);
    let got = std::fs::read(project.path().join("got")).expect("written");
    assert!(got.is_empty(), "{got:?}");
}

#[test]
fn every_signal_leaves_the_terminal_as_it_was() {
    for (signal, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 130),
        (Signal::QUIT, 131),
    ] {
        let project = waiting();
        let mut pty = start(&project, &[]);
        pty.until_shown("2/3 done");
        assert!(!pty.is_as_it_was());
        pty.signal(signal);
        assert_eq!(pty.code(), code, "{signal:?}\n{}", pty.visible());
        assert!(pty.is_as_it_was(), "{signal:?}");
        assert!(pty.cursor_is_shown(), "{signal:?}");
        // After SIGQUIT, which nothing outlives, the suite is still there.
        go(&project);
    }
}

#[test]
fn suspended_it_gives_the_terminal_back_and_goes_on() {
    let project = waiting();
    let mut pty = start(&project, &[]);
    pty.until_shown("2/3 done");
    for _ in 0..2 {
        pty.signal(Signal::TSTP);
        pty.until("stopped", |pty| pty.state() == "T");
        pty.until("no region", |pty| !pty.visible().contains("2/3 done"));
        assert!(pty.is_as_it_was() && pty.cursor_is_shown());
        pty.signal(Signal::CONT);
        pty.until_shown("2/3 done");
        pty.until("keys", |pty| !pty.is_as_it_was());
    }
    // Stopped by what cannot be caught: the region is drawn anew below what others wrote.
    pty.signal(Signal::STOP);
    pty.until("stopped", |pty| pty.state() == "T");
    pty.signal(Signal::CONT);
    pty.type_keys("\n");
    pty.until_shown("──── mark at ");
    go(&project);
    assert_eq!(pty.code(), 1);
    assert!(pty.is_as_it_was() && pty.cursor_is_shown());
}

/// Not a test by itself: takes the keyboard and panics.
#[test]
#[ignore = "the next test runs it on a terminal"]
fn panics_with_the_keyboard() {
    let settings = Settings::from_env(Flags::default());
    assert!(settings.keys, "this is a terminal");
    let _console = Console::open(&settings).expect("it listens");
    panic!("as a bug would");
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was() {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([
        "--ignored",
        "--exact",
        "terminal::panics_with_the_keyboard",
        "--nocapture",
    ]);
    for (name, value) in tribunal().get_envs().filter(|(_, value)| value.is_none()) {
        command.env_remove(name);
        assert!(value.is_none());
    }
    let mut pty = Pty::start(&command, 80, 24);
    assert_eq!(pty.code(), 101, "{}", pty.everything());
    assert!(
        pty.everything().contains("as a bug would"),
        "{}",
        pty.everything()
    );
    assert!(pty.is_as_it_was());
}

#[test]
fn a_resize_is_heeded_by_the_next_frame() {
    let project = waiting();
    let mut command = project.command(&["run"]);
    // As the emulator does, lines that are too long are cut and not wrapped.
    command.env("XTERM_VERSION", "XTerm(390)");
    let mut pty = Pty::start(&command, 200, 40);
    pty.until_shown("LAST OUTPUT");
    // Between two frames: one that is under way is wrapped by the narrower screen, as no program can know.
    let shown = pty.visible();
    pty.until("another frame", |pty| pty.visible() != shown);
    pty.resize(60, 40);
    pty.until("narrow rows", |pty| !pty.visible().contains("STATE"));
    pty.resize(130, 40);
    pty.until_shown("STATE");
    pty.until("one region", |pty| {
        pty.visible().matches("2/3 done").count() == 1
    });
    go(&project);
    assert_eq!(pty.code(), 1);
    let screen = pty.visible();
    for (text, count) in [
        ("STATE", 0),
        ("2/3 done", 0),
        ("FAILED     fails", 1),
        ("tribunal 0", 1),
    ] {
        assert_eq!(screen.matches(text).count(), count, "{text}\n{screen}");
    }
}

#[test]
fn links_are_for_terminals_that_know_them() {
    let link = "\u{1b}]8;;file:///";
    for (name, value, linked) in [
        ("VTE_VERSION", "7600", true),
        ("VTE_VERSION", "4000", false),
        ("TERM_PROGRAM", "unknown", false),
    ] {
        let project = Project::new("[suites.a]\nscript = 'echo why; exit 1'");
        let mut command = project.command(&["run"]);
        for known in [
            "VTE_VERSION",
            "TERM_PROGRAM",
            "WT_SESSION",
            "KONSOLE_VERSION",
            "SSH_CONNECTION",
        ] {
            command.env_remove(known);
        }
        command.env(name, value);
        let mut pty = Pty::start(&command, 80, 24);
        assert_eq!(pty.code(), 1);
        let text = String::from_utf8_lossy(&pty.bytes).into_owned();
        assert_eq!(text.contains(link), linked, "{name}={value}\n{text}");
        // The text is the same; a link that is opened is closed.
        assert!(pty.everything().contains("/suites/a/attempt-1/output.log"));
        assert_eq!(
            text.matches(link).count(),
            text.matches("\u{1b}]8;;\u{1b}\\").count()
        );
        let piped = command.output().expect("it runs");
        assert!(!piped.stdout.contains(&0x1b), "{:?}", piped.stdout);
    }
}
