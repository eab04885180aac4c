//! Every error has one form: `error: …`, the place, one `hint: …`, and an exit code that says which kind it is.

use std::fmt::Write as _;

use regex::Regex;

use crate::support::Project;

/// Commands that fail in a folder without a pipeline.
const NOWHERE: [&str; 7] = [
    "run",
    "check",
    "show",
    "history new",
    "runs import gone.tar.gz",
    "init gone",
    "judge pytest gone.log",
];

/// Commands that fail in a project with a stored run; each is a mistake of another kind.
const MISTAKES: [&str; 31] = [
    "rnu",
    "run --frobnicate",
    "run --jobs 0",
    "run --report xml=out.xml",
    "run untt",
    "run nosuch",
    "run un[",
    "run --label team=pay",
    "run --failed nosuch",
    "run --failed good",
    "run good --failed",
    "run --pipeline wrong.toml",
    "run --pipeline judges.toml",
    "run --pipeline locked.toml --locked",
    "plan nosuch",
    "plan --pipeline wrong.toml",
    "show nosuch",
    "show latest untt",
    "logs latest nosuch",
    "logs latest unit --attempt 7",
    "history diff latest latest",
    "report html nosuch",
    "runs import file",
    "man nosuch",
    "schema -o file/schema.json",
    "init",
    "judge pytset log",
    "judge pytest log --signal NOPE",
    "judge exit-code log --config nonsense --exit-code 0",
    "plugin new taken",
    "run --report junit=file/out.xml",
];

fn project() -> Project {
    let project = Project::new(
        "[suites.unit]\nscript = 'echo broken; exit 1'\n[suites.good]\ncommand = ['true']\n",
    );
    let own = "version = 1\nname = 'x'\n[judges.mine]\npath = 'mine.wasm'\n[judges.two]\npath = 'two.wasm'\n\
               [suites.a]\ncommand = ['true']\njudge = 'mine'\n[suites.b]\ncommand = ['true']\njudge = 'two'\n";
    project.write("judges.toml", own);
    project.write("locked.toml", own);
    project.write("mine.wasm", "this is a text");
    project.write("two.wasm", "");
    project.write(
        "wrong.toml",
        "version = 1\nname = 'x'\n[suites.a]\ncommand = ['${HOME}']\njudge = 'pytets'\n",
    );
    project.write("file", "in the way");
    project.write("log", "1 passed\n");
    project.write("taken/file", "in the way");
    assert_eq!(project.tribunal(&["run"]).code, Some(1));
    project
}

/// What the commands say, with their exit codes.
fn said(project: &Project, commands: &[&str]) -> String {
    let id = Regex::new(r"\d{8}-\d{4}-[0-9a-z]{4}").expect("right");
    let folder = project.path().canonicalize().expect("there");
    let mut text = String::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let ran = project.tribunal(&words);
        assert_eq!(ran.out, "", "{command}: an error is no report");
        let err = id.replace_all(&ran.err, "RUN");
        let err = err
            .replace(&*folder.to_string_lossy(), "/project")
            .replace(&*project.path().to_string_lossy(), "/project");
        let code = ran.code.expect("it ends by itself");
        assert!((2..=4).contains(&code), "{command}: {code}\n{err}");
        // `--failed` says first what it runs again.
        let begins = |line: &str| line.starts_with("error");
        assert!(err.lines().any(begins), "{command}: {err}");
        writeln!(text, "$ tribunal {command}\n{err}exit {code}\n").expect("a string");
    }
    text
}

/// Errors and hints alternate: no error has two hints, and none stands without an error.
fn each_error_has_one_hint_at_most(text: &str) {
    let mut hints = 1;
    for line in text.lines() {
        if line.starts_with("error") {
            hints = 0;
        } else if line.starts_with("hint: ") {
            hints += 1;
            assert_eq!(hints, 1, "{line}\n{text}");
        }
        assert!(!line.starts_with("error: error"), "{text}");
    }
}

#[test]
fn all_errors_look_alike() {
    let nowhere = Project::empty();
    let text = said(&nowhere, &NOWHERE) + &said(&project(), &MISTAKES);
    each_error_has_one_hint_at_most(&text);
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("errors", text));
}
