//! `pipeline.toml` files, right and wrong: a file added below is a test added.
//!
//! `invalid/NAME.toml` must be refused as `invalid/NAME.snap` says, `valid/NAME.toml` must make the
//! plan of `valid/NAME.snap`. `cargo insta review` (or `INSTA_UPDATE=always`) accepts new ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tribunal::config::Pipeline;
use tribunal::plan::{Selection, resolve};

/// The files of a folder beside this one, with their text.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = here().join(folder);
    let mut files: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), text)
        })
        .collect();
    files.sort();
    files
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/config")
}

/// Every snapshot belongs to a file: none is left over from one that is gone.
fn assert_no_orphans(folder: &str, files: &[(String, String)]) {
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    for entry in std::fs::read_dir(here().join(folder)).expect("the folder is there") {
        let path = entry.expect("a readable folder").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "snap")
        {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            assert!(
                names.contains(name.as_str()),
                "{} has no .toml",
                path.display()
            );
        }
    }
}

fn snapshot(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(here().join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn wrong_files_are_refused_with_every_mistake() {
    let files = files("invalid");
    assert!(files.len() >= 30, "the folder of wrong files has shrunk");
    assert_no_orphans("invalid", &files);
    for (name, text) in &files {
        let error = Pipeline::parse(text, "pipeline.toml")
            .map(|_| ())
            .expect_err(&format!("{name}.toml should be refused"));
        snapshot("invalid", name, &error.render(false));
        // What the renderer shows, the short form and programs are told too.
        for problem in error.problems() {
            assert!(error.concise().contains(&problem.message), "{name}");
            assert!(error.render(true).contains(problem.code), "{name}");
            let span = problem.span.clone().unwrap_or_default();
            assert!(text.get(span).is_some(), "{name}: {problem:?}");
        }
    }
}

#[test]
fn right_files_make_a_plan() {
    let files = files("valid");
    assert_no_orphans("valid", &files);
    for (name, text) in &files {
        let pipeline = Pipeline::parse(text, "/srv/shop/pipeline.toml")
            .unwrap_or_else(|error| panic!("{name}.toml should be right:\n{error}"));
        let selection = Selection {
            cores: 2,
            ..Selection::default()
        };
        let plan = resolve(&pipeline, &selection).expect("everything is selected");
        let json = serde_json::to_string_pretty(&plan).expect("plain data");
        snapshot("valid", name, &json);
    }
}
