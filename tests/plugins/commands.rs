//! `tribunal plugin` as people use it: making components, looking at judges, bindings, measuring.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::adapting::{SUMMARY, program, reactor};
use crate::kit::{judging, text, wasm};
use crate::support::Project;

/// Reads the output to its end.
const READ: &str = "(local.set $l (call $open (i32.const 2)))
    (block $end (loop $more
      (call $read (local.get $l) (i32.const 65536) (i32.const 8192))
      (br_if $end (i32.eqz (i32.load (i32.const 8196))))
      (br $more)))";
/// What it takes of preview 1 to be a reactor that looks at the clock.
const CLOCK: &str = r#"(import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))"#;

/// A core module, a reactor of preview 1 and a program become components that load, say what they are, and judge.
#[test]
fn what_is_componentized_is_a_component_that_judges() {
    let project = Project::empty();
    project.write("a.log", "line\n");
    let looks =
        format!("{SUMMARY} (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 512)))");
    let answer = r#"{"status":"passed","summary":"by hand"}"#;
    let modules = [
        ("core", reactor("", SUMMARY), "judge"),
        ("reactor", reactor(CLOCK, &looks), "judge"),
        ("program", program(answer, 0), "program"),
    ];
    for (name, module, tier) in modules {
        project.write(&format!("{name}.wasm"), module);
        let made = project.tribunal(&["plugin", "componentize", &format!("{name}.wasm")]);
        assert_eq!(made.code, Some(0), "{name}: {}{}", made.out, made.err);
        let file = format!("{name}.component.wasm");
        let bytes = fs::read(project.path().join(&file)).expect("a component");
        assert_eq!(made.out, format!("{file}: {} bytes\n", bytes.len()));
        assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0"), "{name}");

        let looked = project.tribunal(&["plugin", "inspect", &file, "--format", "json"]);
        let looked: Value = serde_json::from_str(&looked.out).expect("JSON");
        assert_eq!(looked["format"], "component", "{looked:#}");
        assert_eq!(looked["tier"], tier, "{looked:#}");
        assert_eq!(looked["problem"], Value::Null, "{looked:#}");
        // Nothing of WASI is left to be imported: the adapter is inside.
        for import in looked["imports"].as_array().expect("a list") {
            let import = import.as_str().expect("a name");
            assert!(import.starts_with("tribunal:"), "{looked:#}");
        }
        let checked = project.tribunal(&["plugin", "check", &file]);
        assert_eq!(
            checked.code,
            Some(0),
            "{name}: {}{}",
            checked.out,
            checked.err
        );
        let judged =
            project.tribunal(&["judge", &format!("./{file}"), "a.log", "--exit-code", "0"]);
        assert_eq!(judged.code, Some(0), "{name}: {}{}", judged.out, judged.err);
        assert!(judged.out.contains("by hand"), "{name}: {}", judged.out);
    }
    let named = project.tribunal(&["plugin", "componentize", "core.wasm", "-o", "out.wasm"]);
    assert_eq!(named.code, Some(0), "{}", named.err);
    assert_eq!(
        fs::read(project.path().join("out.wasm")).expect("where it was asked for"),
        fs::read(project.path().join("core.component.wasm")).expect("the same")
    );
}

#[test]
fn what_cannot_be_componentized_says_what_to_do() {
    let project = Project::empty();
    project.write("component.wasm", wasm(&text("")));
    project.write("bare.wasm", wat::parse_str("(module)").expect("a module"));
    project.write("text.wasm", "(module)");
    let dom = "(import \"wbg\" \"__wbg_alert\" (func))";
    project.write("dom.wasm", reactor(dom, SUMMARY));
    for (file, words) in [
        (
            "component.wasm",
            "it is a component already; use it as it is",
        ),
        ("bare.wasm", "Go wants -buildmode=c-shared"),
        ("text.wasm", "wasm-tools parse"),
        ("dom.wasm", "build it without wasm-bindgen"),
        ("gone.wasm", "cannot be read"),
    ] {
        let ran = project.tribunal(&["plugin", "componentize", file]);
        assert_eq!(ran.code, Some(2), "{file}: {}{}", ran.out, ran.err);
        assert!(
            ran.err.contains(words) && ran.err.contains(file),
            "{file}: {}",
            ran.err
        );
        let made = Path::new(file).with_extension("component.wasm");
        assert!(!project.path().join(made).exists(), "{file}");
    }
}

#[test]
fn the_list_has_every_judge_and_says_what_is_wrong_with_one() {
    let project = Project::new(
        "[judges.mine]\npath = 'judges/mine.wasm'\n[judges.torn]\npath = 'torn.wasm'\n\
         [suites.a]\ncommand = ['true']\njudge = 'mine'\n[suites.b]\ncommand = ['true']\njudge = 'torn'\n",
    );
    let whole = wasm(&text(""));
    project.write("judges/mine.wasm", &whole);
    project.write("torn.wasm", &whole[..whole.len() / 2]);
    let ran = project.tribunal(&["plugin", "list"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    let entry = |name: &str| {
        let at = lines.iter().position(|line| *line == name);
        let at = at.unwrap_or_else(|| panic!("no {name} in {}", ran.out));
        (lines[at + 1].trim(), lines[at + 2].trim())
    };
    let (place, says) = entry("mine");
    assert!(place.ends_with("judges/mine.wasm"), "{place}");
    assert_eq!(says, "test");
    let (_, says) = entry("torn");
    assert!(
        says.starts_with("PROBLEM: the file is damaged or cut short"),
        "{says}"
    );
    for name in ["auto", "exit-code", "go-test", "junit", "pytest", "tap"] {
        let (place, says) = entry(name);
        assert_eq!(place, "built in");
        assert!(
            !says.is_empty() && !says.contains("PROBLEM"),
            "{name}: {says}"
        );
    }
    // Without a pipeline: what is built in.
    let bare = Project::empty().tribunal(&["plugin", "list"]);
    assert_eq!(bare.code, Some(0), "{}", bare.err);
    assert!(
        bare.out.contains("pytest") && !bare.out.contains("mine"),
        "{}",
        bare.out
    );
}

/// The number behind a word, in a line that begins so.
fn figure(out: &str, line: &str, unit: &str) -> f64 {
    let found = out.lines().find(|candidate| candidate.starts_with(line));
    let found = found.unwrap_or_else(|| panic!("no line {line:?} in {out}"));
    let (before, _) = found.split_once(unit).expect("a unit");
    let number = before.split([' ', ',', '(']).rfind(|word| !word.is_empty());
    number.expect("a number").parse().expect("a number")
}

#[test]
fn a_bench_measures_loading_judging_and_reading() {
    let project = Project::empty();
    project.write("mine.wasm", judging(&format!("{READ} (i32.const 2048)")));
    let args = ["plugin", "bench", "mine.wasm", "--repeat", "5"];
    let ran = project.tribunal(&[&args[..], &["--large", "8"]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for line in ["load, first", "load, cached", "judge", "8 MiB"] {
        assert!(figure(&ran.out, line, " ms") > 0.0, "{}", ran.out);
    }
    assert!(ran.out.contains(", of 5)"), "{}", ran.out);
    assert!(figure(&ran.out, "8 MiB", " MB/s") >= 1.0, "{}", ran.out);

    let log = project.write("a.log", "x\n".repeat(1 << 20));
    let log = log.to_str().expect("UTF-8");
    let ran = project.tribunal(&[&args[..], &["--large", "0", "--log", log]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains("MiB"), "no large log: {}", ran.out);
    assert!(figure(&ran.out, "judge", " ms") > 0.0, "{}", ran.out);

    // What gives no verdict has no figures.
    project.write("mine.wasm", judging("(unreachable)"));
    let ran = project.tribunal(&args);
    assert_ne!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.err.contains("the judge crashed"), "{}", ran.err);
}

/// The template builds and judges (`tests/languages`); so what is the same as in there does too.
#[test]
fn bindings_are_what_a_new_judge_is_written_against() {
    let project = Project::empty();
    let languages = [
        (
            "rust",
            vec![
                "tribunal-sdk/Cargo.toml",
                "tribunal-sdk/src/lib.rs",
                "wit/judge.wit",
            ],
        ),
        ("python", vec!["tribunal.py", "wit/judge.wit"]),
        ("js", vec!["tribunal.js", "wit/judge.wit"]),
        ("go", vec!["tribunal/tribunal.go"]),
        ("c", vec!["tribunal.h"]),
        ("zig", vec!["tribunal.zig"]),
    ];
    for (language, expected) in languages {
        let (new, alone) = (format!("new/{language}"), format!("alone/{language}"));
        let args = [
            "plugin", "new", "all-good", "--lang", language, "--dir", &new,
        ];
        assert_eq!(project.tribunal(&args).code, Some(0), "{language}");
        let ran = project.tribunal(&["plugin", "bindings", language, "--out", &alone]);
        assert_eq!(ran.code, Some(0), "{language}: {}", ran.err);
        let written: Vec<&str> = ran.out.lines().collect();
        for name in expected {
            assert!(
                written.contains(&format!("{alone}/{name}").as_str()),
                "{language}: {}",
                ran.out
            );
        }
        for file in written {
            let below = Path::new(file)
                .strip_prefix(&alone)
                .expect("where it was asked for");
            let read = |path: &Path| fs::read(project.path().join(path)).expect("readable");
            assert!(
                read(Path::new(file)) == read(&Path::new(&new).join(below)),
                "{file} is another one in a new judge"
            );
        }
    }
    let ran = project.tribunal(&["plugin", "bindings", "wit", "--out", "contract"]);
    assert_eq!(ran.out, "contract/wit/judge.wit\n");
    let written = fs::read_to_string(project.path().join("contract/wit/judge.wit"));
    assert_eq!(
        written.expect("written"),
        include_str!("../../wit/judge.wit")
    );
}
