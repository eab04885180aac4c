//! `history`, what the recap says of earlier runs, and `run --failed`: over runs that were really made.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Project, Ran, suite};

/// A suite whose end is what a file says.
const TWO: &str =
    "[suites.unit]\nscript = 'exit $(cat unit)'\n[suites.web]\nscript = 'exit $(cat web)'";

/// Makes a run in which the suites end like this, and returns its id.
fn run_with(project: &Project, unit: u8, web: u8) -> String {
    project.write("unit", unit.to_string());
    project.write("web", web.to_string());
    let (_, summary) = project.run(&[]);
    summary["run"].as_str().expect("an id").to_owned()
}

/// With ids, days and durations of the moment replaced.
fn steady(text: &str, ids: &[&str]) -> String {
    let mut text = text.to_owned();
    for (number, id) in ids.iter().enumerate() {
        let short = id.rsplit('-').next().expect("a short id");
        text = text.replace(id, &format!("RUN-{}", number + 1));
        text = text.replace(short, &format!("RUN{}", number + 1));
    }
    let day = id_day(ids.first().expect("a run"));
    let text = text.replace(&day, "DAY");
    let seconds = regex::Regex::new(r"\b\d\.\d\ds\b").expect("a pattern");
    seconds.replace_all(&text, "0.00s").into_owned()
}

fn id_day(id: &str) -> String {
    let part = |at: std::ops::Range<usize>| id.get(at).expect("digits");
    let digits = [0..4, 4..6, 6..8].map(part);
    digits.join("-")
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

#[test]
fn new_says_what_the_last_run_broke_and_fixed() {
    let project = Project::new(TWO);
    let first = run_with(&project, 0, 1);
    let second = run_with(&project, 3, 0);
    let ids = [first.as_str(), &second];
    let said = project.tribunal(&["history", "new"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(steady(&said.out, &ids), @"
    NEW (1), passed in run RUN1
      unit  -  exit 3
    FIXED (1), failed in run RUN1
      web  -  exit 1
    2 runs of test, DAY to DAY
    ");
    let diff = project.tribunal(&["history", "diff", &first]);
    assert!(
        diff.out.contains("exit 3") && diff.out.contains("FIXED"),
        "{}",
        diff.out
    );
    let found = json(&project.tribunal(&["history", "diff", &first, &second, "--format", "json"]));
    assert_eq!(found["changes"][0]["kind"], "new");
    assert_eq!(found["changes"][0]["since"], first.as_str());
    let same = project.tribunal(&["history", "diff", &second, "latest"]);
    assert_eq!(same.code, Some(2), "{}", same.err);
}

#[test]
fn the_recap_says_what_is_new_and_what_is_fixed() {
    let project = Project::new(TWO);
    let first = run_with(&project, 0, 1);
    project.write("unit", "1");
    project.write("web", "0");
    let said = project.tribunal(&["run"]).out;
    let short = first.rsplit('-').next().expect("a short id");
    assert!(
        said.contains(&format!("\nnew since run {short}: unit\n")),
        "{said}"
    );
    assert!(
        said.contains(&format!("\nfixed since run {short}: web\n")),
        "{said}"
    );
    // The same when it is shown again, and the short id is one that can be asked for.
    let again = project.tribunal(&["show"]).out;
    assert!(
        again.contains(&format!("new since run {short}: unit\n")),
        "{again}"
    );
    assert_eq!(project.tribunal(&["show", short]).code, Some(0));
}

#[test]
fn flaky_and_slowest_over_runs_of_one_commit() {
    let project = Project::new(
        "[suites.unit]\nscript = 'exit $(cat ../unit-ends)'\n[suites.docs]\ncommand = ['true']",
    );
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .current_dir(project.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(args)
            .output();
        done.is_ok_and(|done| done.status.success())
    };
    if !git(&["init", "-q", "-b", "main"]) {
        crate::support::skipped("git is not there");
        return;
    }
    // Outside of the repository, so that no file of it changes.
    let ends = project.path().parent().expect("a parent").join("unit-ends");
    let ends = ends.with_file_name(format!("ends-of-{}", std::process::id()));
    project.write(
        "pipeline.toml",
        format!(
            "version = 1\nname = \"test\"\n[suites.unit]\nscript = 'exit $(cat {})'\n[suites.docs]\ncommand = ['true']",
            ends.display()
        ),
    );
    assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "all"]));
    let mut ids = Vec::new();
    for end in ["0", "1", "0", "1", "0"] {
        fs::write(&ends, end).expect("written");
        let (_, summary) = project.run(&[]);
        ids.push(summary["run"].as_str().expect("an id").to_owned());
    }
    fs::remove_file(&ends).expect("removed");
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let flaky = json(&project.tribunal(&["history", "flaky", "--format", "json"]));
    let row = &flaky["rows"][0];
    assert_eq!(
        (&row["suite"], &row["flaky"], &row["runs"]),
        (&"unit".into(), &2.into(), &5.into())
    );
    assert_eq!(
        (&row["first"], &row["last"]),
        (&ids[1].into(), &ids[3].into())
    );
    assert_eq!(row["first_commit"].as_str().expect("a commit").len(), 40);
    let text = project.tribunal(&["history", "flaky"]).out;
    assert!(text.contains("2 of 5 runs"), "{text}");
    let slow = json(&project.tribunal(&["history", "slowest", "--format", "json"]));
    let mut counted: Vec<String> = slow["rows"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| format!("{} {}", row["suite"], row["runs"]))
        .collect();
    counted.sort();
    assert_eq!(counted, ["\"docs\" 5", "\"unit\" 3"]);
    let text = project.tribunal(&["history", "slowest", "-n", "1"]).out;
    assert!(text.contains("and 1 more: -n 2 shows all"), "{text}");
    assert!(text.starts_with("suite  usually"), "{text}");
}

#[test]
fn what_cannot_be_read_costs_one_warning_each() {
    let project = Project::new(TWO);
    run_with(&project, 0, 0);
    let damaged = run_with(&project, 0, 0);
    let old = run_with(&project, 0, 0);
    run_with(&project, 1, 0);
    let runs = project.path().join(".tribunal/runs");
    fs::write(
        runs.join(&damaged).join("summary.json"),
        "{\"version\": 1, \"pip",
    )
    .expect("written");
    let summary = runs.join(&old).join("summary.json");
    let text = fs::read_to_string(&summary).expect("read");
    fs::write(
        &summary,
        text.replacen("\"version\": 1", "\"version\": 9", 1),
    )
    .expect("written");
    fs::create_dir(runs.join("stranger")).expect("made");
    let said = project.tribunal(&["history", "new"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.err.lines().count(), 3, "{}", said.err);
    for words in [
        "is damaged",
        "is of version 9",
        "is no run: it has no run.json",
    ] {
        assert_eq!(said.err.matches(words).count(), 1, "{}", said.err);
    }
    assert!(
        said.out.contains("NEW (1)") && said.out.contains("3 unreadable"),
        "{}",
        said.out
    );
}

#[test]
fn nothing_to_look_at_is_said() {
    let project = Project::new(TWO);
    for what in ["flaky", "slowest"] {
        let said = project.tribunal(&["history", what]);
        assert!(
            said.out
                .contains("no run to look at; `tribunal run` makes one"),
            "{}",
            said.out
        );
    }
    let new = project.tribunal(&["history", "new"]);
    assert_eq!(
        (new.code, new.err.contains("no run has come to its end yet")),
        (Some(2), true)
    );
}

#[test]
fn failed_runs_only_what_did_not_pass() {
    let project = Project::new(
        "[suites.build]\ncommand = ['true']\n\
         [suites.unit]\nscript = 'exit $(cat unit)'\nneeds = ['build']\n\
         [suites.web]\nscript = 'exit $(cat web)'\n\
         [suites.deploy]\ncommand = ['true']\nneeds = ['unit']",
    );
    let first = run_with(&project, 1, 0);
    project.write("unit", "0");
    let again = project.tribunal(&["run", "--failed", "--format", "json"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(
        again.err,
        format!("rerun: 2 of 4 suites of run {first} did not pass: deploy, unit\n")
    );
    let summary = json(&again);
    let names: Vec<&str> = summary["suites"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|suite| suite["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["build", "unit", "deploy"], "with what they need");
    assert_eq!(suite(&summary, "deploy")["status"], "passed");
    // Now nothing is left of the last run, but something of the first.
    let none = project.tribunal(&["run", "--failed"]);
    assert_eq!((none.code, none.out.as_str()), (Some(4), ""));
    assert!(
        none.err
            .starts_with("error: nothing to run again: all 3 suites of run"),
        "{}",
        none.err
    );
    let given = project.tribunal(&["run", "--failed", &first, "--format", "json"]);
    assert_eq!(json(&given)["suites"].as_array().expect("a list").len(), 3);
    let narrowed = project.tribunal(&["run", "web", "--failed", &first]);
    assert_eq!(narrowed.code, Some(4));
    assert!(
        narrowed
            .err
            .contains("\nhint: those that did not pass: deploy, unit"),
        "{}",
        narrowed.err
    );
    let mistaken = project.tribunal(&["run", "--failed", "unit"]);
    assert_eq!(mistaken.code, Some(2));
    assert!(
        mistaken.err.contains("tribunal run unit --failed"),
        "{}",
        mistaken.err
    );
}

#[test]
fn failed_reads_the_journal_of_a_run_that_was_killed() {
    let project = Project::new(TWO);
    let id = run_with(&project, 0, 1);
    let run = project.path().join(".tribunal/runs").join(&id);
    fs::remove_file(run.join("summary.json")).expect("removed");
    let text = fs::read_to_string(run.join("events.jsonl")).expect("a journal");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("run-finished"))
        .collect();
    fs::write(run.join("events.jsonl"), kept.join("\n") + "\n").expect("written");
    // As after a while without a sign of life.
    fs::remove_file(run.join("heartbeat")).ok();
    let again = project.tribunal(&["run", "--failed"]);
    assert!(
        again.err.contains("rerun: 1 of 2 suites") && again.err.contains("never came to its end"),
        "{}",
        again.err
    );
}

#[test]
fn suites_that_are_gone_are_named() {
    let project = Project::new(TWO);
    let id = run_with(&project, 1, 1);
    project.write(
        "pipeline.toml",
        "version = 1\nname = 'test'\n[suites.web]\nscript = 'exit 0'",
    );
    let again = project.tribunal(&["run", "--failed"]);
    assert!(
        again.err.contains("no longer in the pipeline: unit"),
        "{}",
        again.err
    );
    assert_eq!(again.code, Some(0));
    project.write(
        "pipeline.toml",
        "version = 1\nname = 'test'\n[suites.other]\nscript = 'exit 0'",
    );
    let none = project.tribunal(&["run", "--failed", &id]);
    assert_eq!(none.code, Some(4), "{}", none.err);
}
