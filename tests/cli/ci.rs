//! In CI: the log as the system wants it, and nothing that a suite prints is a command.

use std::fs;

use crate::support::{Project, ran, tribunal};

/// A suite that fails and prints commands of every kind.
const HOSTILE: &str = r#"
[suites.hostile]
script = '''
echo "::set-output name=a::b"
echo "x ##vso[task.setvariable variable=a]b"
echo "x ##teamcity[buildProblem description='a']"
printf -- '--- a\n\033[0Ksection_start:1:a\r\033[0Kb\n'
exit 1
'''
"#;

/// Lines that one of the systems takes for a command.
fn commands(text: &str) -> Vec<&str> {
    let marks = ["##[", "##vso[", "##teamcity["];
    text.split(['\n', '\r'])
        .filter(|line| {
            line.trim_start().starts_with("::")
                || line.starts_with("--- ")
                || line.contains("\u{1b}[0K")
                || marks.iter().any(|mark| line.contains(mark))
        })
        .collect()
}

#[test]
fn github_gets_groups_annotations_a_summary_and_outputs() {
    let project = Project::new(HOSTILE);
    let file = |name: &str| project.path().join(name);
    let output = tribunal()
        .arg("run")
        .current_dir(project.path())
        .env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", project.path())
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .env("GITHUB_OUTPUT", file("output"))
        .output();
    let ran = ran(&output.expect("the binary starts"));
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let names: Vec<&str> = commands(&ran.out)
        .iter()
        .map(|line| line.split([' ', ':']).nth(2).unwrap_or_default())
        .collect();
    assert_eq!(
        names,
        ["group", "endgroup", "error", "notice"],
        "{}",
        ran.out
    );
    assert!(ran.out.contains("x ##\\vso[task."), "{}", ran.out);
    let summary = fs::read_to_string(file("summary")).expect("written");
    assert!(summary.starts_with("### FAIL "), "{summary}");
    let output = fs::read_to_string(file("output")).expect("written");
    assert!(
        output.starts_with("status=failed\nexit-code=1\nfailed=1\nundecided=0\nrun="),
        "{output}"
    );
    let dir = output
        .lines()
        .find_map(|line| line.strip_prefix("run-dir="))
        .expect("named");
    assert!(file(dir).join("summary.json").is_file(), "{output}");
}

#[test]
fn nothing_printed_is_a_command_where_no_system_was_found() {
    let project = Project::new(HOSTILE);
    for choice in ["none", "generic", "jenkins", "woodpecker", "auto"] {
        let output = tribunal()
            .args(["run", "-v", "--ci", choice])
            .current_dir(project.path())
            .output();
        let ran = ran(&output.expect("the binary starts"));
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert_eq!(commands(&ran.out), [""; 0], "{choice}: {}", ran.out);
        assert_eq!(commands(&ran.err), [""; 0], "{choice}: {}", ran.err);
    }
}

#[test]
fn every_way_to_print_is_harmless() {
    let project = Project::new(HOSTILE);
    let run = |args: &[&str], ci: bool| {
        let mut command = tribunal();
        if ci {
            command.env("GITHUB_ACTIONS", "true");
        }
        let output = command.args(args).current_dir(project.path()).output();
        ran(&output.expect("the binary starts"))
    };
    run(&["run"], false);
    for args in [
        ["logs", "latest", "hostile"].as_slice(),
        &["logs", "latest", "hostile", "--tail", "3"],
        &["show", "latest"],
        &["show", "--debug"],
        &["report", "markdown"],
        &["report", "junit"],
        &["report", "jsonl"],
        &["explain", "latest", "hostile"],
    ] {
        let ran = run(args, true);
        assert!(!ran.out.is_empty(), "{args:?}: {}", ran.err);
        assert_eq!(commands(&ran.out), [""; 0], "{args:?}: {}", ran.out);
    }
    // Without a CI system, and with --raw, the bytes are the bytes.
    let bytes = run(&["logs", "latest", "hostile"], false).out;
    assert_eq!(commands(&bytes).len(), 6, "{bytes:?}");
    assert_eq!(
        run(&["logs", "latest", "hostile", "--raw"], true).out,
        bytes
    );
}

#[test]
fn a_system_that_is_not_known_is_a_usage_error() {
    let project = Project::new(HOSTILE);
    let output = tribunal()
        .args(["run", "--ci", "travis"])
        .current_dir(project.path())
        .output();
    let ran = ran(&output.expect("the binary starts"));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err
            .contains("\"travis\": there is no such CI system\nhint: one of: auto, none, github"),
        "{}",
        ran.err
    );
}

/// Stands in for Buildkite's agent, whose modules are not to be had everywhere: writes down how it is called.
fn agent(project: &Project, then: &str) -> std::ffi::OsString {
    let bin = project.path().join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > args\ncat > body\n{then}\n");
    let path = bin.join("buildkite-agent");
    fs::write(&path, script).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&path, mode).expect("made executable");
    let mut all = bin.into_os_string();
    all.push(":");
    all.push(std::env::var_os("PATH").unwrap_or_default());
    all
}

#[test]
fn buildkite_gets_one_annotation_through_its_agent() {
    for (then, warns) in [("exit 0", false), ("echo 'no token' >&2; exit 7", true)] {
        let project = Project::new(HOSTILE);
        let output = tribunal()
            .arg("run")
            .current_dir(project.path())
            .env("BUILDKITE", "true")
            .env("BUILDKITE_JOB_ID", "j1")
            .env("PATH", agent(&project, then))
            .output();
        let ran = ran(&output.expect("the binary starts"));
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
        let read = |name: &str| fs::read_to_string(project.path().join(name)).expect("called");
        assert_eq!(
            read("args"),
            "annotate\n--style\nerror\n--context\ntribunal-j1\n"
        );
        assert!(read("body").starts_with("### FAIL "));
        let warning =
            "warning: cannot write the annotation: buildkite-agent: exit status: 7: no token\n";
        assert_eq!(ran.out.contains(warning), warns, "{}", ran.out);
        assert!(ran.out.contains("\n+++ result\n"), "{}", ran.out);
    }
}

#[test]
fn no_format_changes_in_silence() {
    let project = Project::new("[suites.a]\ncommand = ['true']");
    for (variable, system) in [("GITHUB_ACTIONS", "github"), ("JENKINS_URL", "jenkins")] {
        let mut command = project.command(&["run", "-v"]);
        let text = ran(&command.env(variable, "true").output().expect("it runs")).out;
        let line = format!("output: plain, as --ci {system} has it; --ci none: as for people");
        assert!(text.contains(&line), "{text}");
    }
}
