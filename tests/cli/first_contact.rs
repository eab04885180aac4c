//! `init`, `schema`, `completions`, `man` and the local part of `doctor`: what a newcomer meets first.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Project, has_pytest, skipped, suite, tribunal};

#[test]
fn init_writes_a_pipeline_that_runs_and_never_writes_twice() {
    let project = Project::empty();
    if !has_pytest() {
        return;
    }
    project.write("tests/test_a.py", "def test_a():\n    assert 1 + 1 == 2\n");
    let said = project.tribunal(&["init"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    insta::assert_snapshot!(said.out, @"
    found  tests/test_*.py (pytest)  suites.pytest  judge pytest
    wrote  pipeline.toml (1 suite)
    next   tribunal run
    ");
    let text = fs::read_to_string(project.path().join("pipeline.toml")).expect("written");
    let line = text.lines().next().expect("a line");
    let schema = line.strip_prefix("#:schema ").expect("the schema's line");
    assert!(project.path().join(schema).is_file(), "{schema}");
    assert_eq!(project.tribunal(&["check"]).code, Some(0));
    let (code, summary) = project.run(&[]);
    assert_eq!(code, Some(0), "{summary:#}");
    assert_eq!(suite(&summary, "pytest")["counts"]["passed"], 1);
    let again = project.tribunal(&["init"]);
    assert_eq!((again.code, again.out.as_str()), (Some(2), ""));
    assert!(
        again.err.contains("is there already and stays as it is"),
        "{}",
        again.err
    );
    let printed = project.tribunal(&["init", "--print"]).out;
    assert_eq!(printed, text);
}

/// Files with their text.
type Files<'a> = &'a [(&'a str, &'a str)];

#[test]
fn what_init_finds_here_really_runs() {
    // Of the tools it knows, those that this machine has: each made a project as small as it gets.
    let node = (
        "package.json",
        r#"{"name": "a", "scripts": {"test": "node --test"}}"#,
    );
    let spec = "const test = require('node:test');\ntest('a', () => {});\n";
    let go_test = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n";
    let tools: [(&str, &str, Files<'_>); 4] = [
        ("node", "node", &[node, ("a.test.js", spec)]),
        (
            "go",
            "go",
            &[
                ("go.mod", "module example.org/a\n\ngo 1.21\n"),
                ("a_test.go", go_test),
            ],
        ),
        (
            "make",
            "test",
            &[("Makefile", "test:\n\t@echo all is well\n")],
        ),
        (
            "prove",
            "prove",
            &[("t/a.t", "print \"1..1\\nok 1 - a\\n\";\n")],
        ),
    ];
    for (program, name, files) in tools {
        if Command::new(program).arg("--version").output().is_err() {
            skipped(&format!("{program} is not there"));
            continue;
        }
        let project = Project::empty();
        for (file, text) in files {
            project.write(file, text);
        }
        let said = project.tribunal(&["init"]);
        assert_eq!(said.code, Some(0), "{program}: {}", said.err);
        let (code, summary) = project.run(&[]);
        assert_eq!(code, Some(0), "{program}: {summary:#}");
        assert_eq!(suite(&summary, name)["status"], "passed");
    }
}

#[test]
fn init_adds_the_job_of_a_ci_system() {
    let project = Project::empty();
    let said = project.tribunal(&["init", "--ci", "github"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("wrote  .github/workflows/tests.yml"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("found  no tests that I know"),
        "{}",
        said.out
    );
    let job = project.path().join(".github/workflows/tests.yml");
    assert!(
        fs::read_to_string(&job)
            .expect("written")
            .contains("tribunal run")
    );
    fs::write(&job, "mine").expect("written");
    // With a pipeline it only adds the job, and it replaces neither.
    let again = project.tribunal(&["init", "--ci", "github"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(
        again
            .out
            .starts_with("kept   pipeline.toml, which was there\nkept   .github"),
        "{}",
        again.out
    );
    assert_eq!(fs::read_to_string(&job).expect("kept"), "mine");
    let unknown = project.tribunal(&["init", "--ci", "githib"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("github"), "{}", unknown.err);
}

#[test]
fn the_schema_is_printed_as_it_is_checked_in() {
    let project = Project::empty();
    let printed = project.tribunal(&["schema"]).out;
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/pipeline.schema.json");
    assert_eq!(printed, fs::read_to_string(stored).expect("checked in"));
    let said = project.tribunal(&["schema", "-o", "a/b.json"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "wrote a/b.json\n")
    );
}

/// What a shell's script would be told for this line, the last word of which is being typed.
fn offered(project: &Project, words: &[&str]) -> Vec<String> {
    let output = tribunal()
        .current_dir(project.path())
        .env("TRIBUNAL_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .args(["--", "tribunal"])
        .args(words)
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[test]
fn suites_runs_labels_and_judges_are_completed() {
    let project = Project::new(
        "[suites.unit]\ncommand = ['true']\nmatrix = { py = ['3.11', '3.13'] }\nlabels = { team = 'pay' }\n\
         [suites.web]\ncommand = ['true']\n[suites.worker]\ncommand = ['true']",
    );
    let (_, summary) = project.run(&["web"]);
    let id = summary["run"].as_str().expect("an id");
    assert_eq!(offered(&project, &["run", "w"]), ["web", "worker"]);
    assert_eq!(
        offered(&project, &["run", "web", "u"]),
        ["unit", "unit[py=3.11]", "unit[py=3.13]"]
    );
    assert_eq!(offered(&project, &["plan", "wo"]), ["worker"]);
    assert_eq!(offered(&project, &["logs", "latest", "we"]), ["web"]);
    assert_eq!(offered(&project, &["show", ""])[..2], ["latest", id]);
    assert_eq!(offered(&project, &["run", "--failed", "2"]), [id]);
    assert_eq!(offered(&project, &["run", "--label", "te"]), ["team=pay"]);
    assert!(offered(&project, &["judge", "py"]).contains(&"pytest".to_owned()));
    assert!(offered(&project, &["hist"]).contains(&"history".to_owned()));
    project.write(
        "elsewhere/pipeline.toml",
        "version = 1\n[suites.other]\ncommand = ['true']",
    );
    let elsewhere = ["run", "--pipeline", "elsewhere/pipeline.toml", "o"];
    assert_eq!(offered(&project, &elsewhere), ["other"]);
    project.write("pipeline.toml", "not right");
    assert_eq!(
        offered(&project, &["run", "w"]),
        [""; 0],
        "a mistake completes nothing, and says nothing"
    );
}

#[test]
fn a_real_bash_completes() {
    let project =
        Project::new("[suites.unit]\ncommand = ['true']\n[suites.web]\ncommand = ['true']");
    let bin = Path::new(env!("CARGO_BIN_EXE_tribunal"))
        .parent()
        .expect("a folder");
    let script = "source <(tribunal completions bash) || exit 9\n\
        COMP_WORDS=(tribunal run un); COMP_CWORD=2; COMP_TYPE=9\n\
        _clap_complete_tribunal tribunal un run\n\
        printf '%s\\n' \"${COMPREPLY[@]}\"\n\
        complete -p tribunal\n";
    let mut path = bin.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["--norc", "-c", script])
        .current_dir(project.path())
        .env("PATH", path)
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        skipped("bash is not there");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{err}");
    let mut lines = said.lines();
    assert_eq!(lines.next().map(str::trim), Some("unit"), "{said}{err}");
    assert!(lines.any(|line| line.ends_with(" tribunal")), "{said}{err}");
}

#[test]
fn every_shell_gets_a_script_that_it_can_read() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.tribunal(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{}", script.err);
        assert!(
            script.out.contains("TRIBUNAL_COMPLETE"),
            "{shell}: {}",
            script.out
        );
        // A dry run, in the shells that have one and are here.
        let Some(option) = [("bash", "-n"), ("zsh", "-n"), ("fish", "-n")]
            .into_iter()
            .find(|(name, _)| *name == shell)
        else {
            continue;
        };
        let file = project.write(&format!("script.{shell}"), &script.out);
        match Command::new(shell).arg(option.1).arg(&file).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
            Err(_) => skipped(&format!("{shell} is not there")),
        }
    }
}

#[test]
fn manual_pages_are_those_of_the_commands() {
    let project = Project::empty();
    let page = project.tribunal(&["man", "runs", "prune"]);
    assert_eq!(page.code, Some(0), "{}", page.err);
    assert!(
        page.out.contains(".TH") && page.out.contains("dry\\-run"),
        "{}",
        page.out
    );
    let unknown = project.tribunal(&["man", "rnu"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.err.contains("did you mean \"run\"?"),
        "{}",
        unknown.err
    );
    let all = project.tribunal(&["man", "--dir", "pages"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    for name in [
        "tribunal.1",
        "tribunal-run.1",
        "tribunal-runs-prune.1",
        "tribunal-history-flaky.1",
    ] {
        assert!(project.path().join("pages").join(name).is_file(), "{name}");
    }
}

#[test]
fn doctor_looks_at_this_machine() {
    let project =
        Project::new("[suites.a]\ncommand = ['no-such-program']\n[suites.b]\nscript = 'true'");
    let said = project.tribunal(&["doctor"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for line in [
        "system",
        "pidfd",
        "open files",
        "disk",
        "judge cache",
        "terminal",
        "sh",
    ] {
        assert!(
            said.out.contains(&format!("  {line} ")),
            "{line}:\n{}",
            said.out
        );
    }
    assert!(
        said.out
            .contains("warn  suites       not found: no-such-program (a)"),
        "{}",
        said.out
    );
    assert!(
        said.out.ends_with("\nno suite runs on Kubernetes\n"),
        "{}",
        said.out
    );
    let json = project.tribunal(&["doctor", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(
        (&json["ok"], &json["kubernetes"]),
        (&true.into(), &Value::Null)
    );
    let checks = json["local"].as_array().expect("a list");
    assert!(
        checks
            .iter()
            .any(|check| check["name"] == "suites" && check["state"] == "warn")
    );
    let without = Project::empty().tribunal(&["doctor"]);
    assert_eq!(without.code, Some(0), "{}", without.err);
    assert!(
        without
            .out
            .ends_with("\nno pipeline.toml here; `tribunal init` makes one\n"),
        "{}",
        without.out
    );
    let named = Project::empty().tribunal(&["doctor", "--pipeline", "other.toml"]);
    assert_eq!(named.code, Some(2), "{}", named.err);
}
