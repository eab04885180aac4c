//! The guides of `plugins/guides/`: each one's judge, as it stands there, built and judged.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Project, Ran};
use crate::{built, has, in_folder, root, tool};

/// A language, its guide's fence, and the file that the block goes into.
const GUIDES: [(&str, &str, &str); 6] = [
    ("rust", "rust", "src/lib.rs"),
    ("python", "python", "judge.py"),
    ("js", "js", "judge.js"),
    ("go", "go", "main.go"),
    ("c", "c", "judge.c"),
    ("zig", "zig", "judge.zig"),
];

/// The only block of that kind in a guide.
fn block(guide: &str, fence: &str) -> String {
    let path = root().join("plugins/guides").join(guide);
    let text = fs::read_to_string(path).expect("the guide");
    let opening = format!("\n```{fence}\n");
    let mut blocks = text.split(&opening).skip(1);
    let block = blocks.next().expect("a block").split("\n```").next();
    assert_eq!(blocks.next(), None, "one block of {fence} in {guide}");
    format!("{}\n", block.expect("its end"))
}

/// Makes the guide's project in a folder; `None` where the tools are missing.
fn made(folder: &Path, language: &str, fence: &str, file: &str) -> Option<()> {
    if !has(language) {
        return None;
    }
    let made = in_folder(
        folder,
        &[
            "plugin",
            "new",
            "clean-log",
            "--lang",
            language,
            "--dir",
            ".",
        ],
    );
    assert_eq!(made.code, Some(0), "{language}: {}{}", made.out, made.err);
    let source = block(&format!("{language}.md"), fence);
    fs::write(folder.join(file), source).expect("written");
    built(folder);
    Some(())
}

/// What its judge says of an output.
fn say(project: &Project, output: &str, args: &[&str]) -> Ran {
    project.write("a.log", output);
    project.tribunal(&[&["judge", "./clean-log.wasm", "a.log"], args].concat())
}

/// Builds and tries a guide's judge; returns its project.
fn guide(language: &str) -> Option<Project> {
    let (_, fence, file) = GUIDES
        .into_iter()
        .find(|(name, _, _)| *name == language)
        .expect("a guide");
    let project = Project::empty();
    made(project.path(), language, fence, file)?;
    let exited = ["--exit-code", "0"];
    let expect = |ran: &Ran, code: i32, parts: &[&str]| {
        let out = &ran.out;
        assert_eq!(ran.code, Some(code), "{language}: {out}{}", ran.err);
        for part in parts {
            assert!(out.contains(part), "{language}: {part} in {out}");
        }
    };
    let clean = say(&project, "one\ntwo ERRO R\nlast", &exited);
    expect(&clean, 0, &["3 lines, 0 with ERROR"]);
    let bad = say(&project, "one\nan ERROR here\n", &exited);
    expect(&bad, 1, &["line 2", " with ERROR"]);
    let ended = say(&project, "one\n", &["--exit-code", "3"]);
    expect(&ended, 1, &["exit"]);
    expect(&say(&project, "", &exited), 1, &["no output"]);
    let settings = |text| {
        say(
            &project,
            "one ERROR\n",
            &["--exit-code", "0", "--config", text],
        )
    };
    if ["python", "js", "go"].contains(&language) {
        expect(&settings(r#"{"allow": 1}"#), 0, &["1 lines, 1 with ERROR"]);
        let refused = settings(r#"{"allow": "x"}"#);
        assert_eq!(refused.code, Some(2), "{language}: {}", refused.out);
        assert!(
            refused.err.contains("its config is not valid"),
            "{language}: {}",
            refused.err
        );
    } else {
        let refused = settings(r#"{"allow": 1}"#);
        assert_eq!(refused.code, Some(2), "{language}: {}", refused.out);
        assert!(
            refused.err.contains("takes no configuration"),
            "{language}: {}",
            refused.err
        );
    }
    let ran = project.tribunal(&["plugin", "test", "clean-log.wasm", "--conformance"]);
    assert_eq!(ran.code, Some(0), "{language}: {}{}", ran.out, ran.err);
    Some(project)
}

#[test]
fn the_guide_for_rust_leads_to_a_judge() {
    // What it says of `cargo test` is true as well.
    if let Some(project) = guide("rust") {
        let tested = tool("cargo", project.path())
            .args(["test", "--lib"])
            .output()
            .expect("cargo");
        let told = String::from_utf8_lossy(&tested.stdout);
        assert!(
            tested.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&tested.stderr)
        );
        assert!(told.contains("an_error_fails ... ok"), "{told}");
    }
}

#[test]
fn the_guide_for_python_leads_to_a_judge() {
    guide("python");
}

#[test]
fn the_guide_for_javascript_leads_to_a_judge() {
    guide("js");
}

#[test]
fn the_guide_for_go_leads_to_a_judge() {
    guide("go");
}

#[test]
fn the_guide_for_c_leads_to_a_judge() {
    guide("c");
}

#[test]
fn the_guide_for_zig_leads_to_a_judge() {
    guide("zig");
}

#[test]
fn the_program_of_the_guide_for_programs_judges() {
    if !has("go") {
        return;
    }
    let project = Project::empty();
    project.write("clean-log.go", block("programs.md", "go"));
    let go = Command::new("go")
        .args(["build", "-o", "clean-log.wasm", "clean-log.go"])
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .current_dir(project.path())
        .output()
        .expect("go");
    assert!(
        go.status.success(),
        "{}",
        String::from_utf8_lossy(&go.stderr)
    );
    for (output, code) in [("fine\n", 0), ("an ERROR\n", 1)] {
        let ran = say(&project, output, &["--exit-code", "0"]);
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    }
}

/// Every template has a guide, and the page that leads to them names each.
#[test]
fn no_language_is_without_a_guide() {
    let page = fs::read_to_string(root().join("plugins/README.md")).expect("the page");
    let templates = fs::read_dir(root().join("plugins/templates")).expect("a folder");
    let languages = templates
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir());
    for language in languages.map(|entry| entry.file_name().into_string().expect("UTF-8")) {
        if language != "common" {
            assert!(
                GUIDES.iter().any(|(name, _, _)| *name == language),
                "{language}"
            );
            assert!(
                page.contains(&format!("guides/{language}.md")),
                "{language}"
            );
        }
    }
}
