//! `pipeline.toml` files, right and wrong: a file added below is a test added.
//!
//! `invalid/NAME.toml` must be refused as `invalid/NAME.snap` says, `valid/NAME.toml` must make the
//! plan of `valid/NAME.snap`. `cargo insta review` (or `INSTA_UPDATE=always`) accepts new ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tribunal::config::{Pipeline, SCHEMA};
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

/// Wrong files that no schema can tell from right ones: what is wrong is not in the shape of the document.
const BEYOND_A_SCHEMA: [&str; 12] = [
    "command-missing",
    "globs",
    "judge-unknown",
    "judge-unpinned",
    "kubernetes-variables",
    "matrix-too-large",
    "needs-cycle-by-defaults",
    "needs-cycles",
    "needs-itself",
    "needs-unknown",
    "variables",
    "variables-in-defaults",
];

#[test]
fn the_schema_takes_what_is_right_and_refuses_what_is_wrong() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("JSON");
    jsonschema::draft7::meta::validate(&schema).expect("a draft-07 schema");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    for (name, text) in files("valid") {
        let document: serde_json::Value = toml::from_str(&text).expect("TOML");
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{name}.toml is right:\n{}",
            errors.join("\n")
        );
    }
    let mut taken = Vec::new();
    for (name, text) in files("invalid") {
        // What is no TOML at all is no matter of a schema.
        let Ok(document) = toml::from_str::<serde_json::Value>(&text) else {
            continue;
        };
        if validator.is_valid(&document) {
            taken.push(name);
        }
    }
    assert_eq!(taken, BEYOND_A_SCHEMA);
}

#[test]
fn examples_and_our_own_pipeline_are_right_by_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let root = here().join("../..");
    let mut paths = vec![root.join("pipeline.toml")];
    for entry in std::fs::read_dir(root.join("examples")).expect("a folder") {
        paths.push(entry.expect("an entry").path().join("pipeline.toml"));
    }
    let mut seen = 0;
    for path in paths.into_iter().filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let document: serde_json::Value = toml::from_str(&text).expect("TOML");
        let error = validator.validate(&document).err();
        assert!(error.is_none(), "{}: {error:?}", path.display());
        seen += 1;
    }
    assert!(seen > 4, "only {seen} pipelines were found");
}
