//! What surrounds a pipeline's keys: files that are none, bounds, odd bytes, and any input at all.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn refuse(text: &str) -> ConfigError {
    Pipeline::parse(text, "pipeline.toml")
        .map(|_| ())
        .expect_err("should be refused")
}

/// What `load` says of a file with these bytes, without the folder's name.
fn refuse_file(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pipeline.toml");
    std::fs::write(&file, bytes).expect("writable");
    told(dir.path(), &file)
}

fn told(dir: &Path, file: &Path) -> String {
    let error = Pipeline::load(file)
        .map(|_| ())
        .expect_err("should be refused");
    let folder = format!("{}/", dir.display());
    error.render(false).replace(&folder, "")
}

#[test]
fn a_missing_file_shows_how_to_make_one() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    insta::assert_snapshot!(told(dir.path(), &dir.path().join("pipeline.toml")), @r#"
    error[no-pipeline]: there is no file "pipeline.toml"
    hint: `tribunal init` makes one for the tests that are here; --pipeline FILE names another

    nothing was run
    "#);
    // A folder on the way that is a file is no other mistake.
    std::fs::write(dir.path().join("x"), "").expect("writable");
    let error = told(dir.path(), &dir.path().join("x/pipeline.toml"));
    assert!(error.starts_with("error[no-pipeline]"), "{error}");
}

#[test]
fn a_directory_is_named_as_one() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(dir.path().join("ci")).expect("writable");
    insta::assert_snapshot!(told(dir.path(), &dir.path().join("ci")), @r#"
    error[is-directory]: "ci" is a directory
    hint: name a file: --pipeline ci/pipeline.toml

    nothing was run
    "#);
}

#[test]
fn an_empty_file_shows_how_to_begin() {
    for bytes in [&b""[..], b" \n\t\n", b"\xef\xbb\xbf\n"] {
        let error = refuse_file(bytes);
        assert!(
            error.starts_with("error[empty-file]: \"pipeline.toml\" is empty"),
            "{error}"
        );
        assert!(error.contains("command = [\"pytest\", \"-q\"]"), "{error}");
    }
    // What the example shows is right.
    assert!(Pipeline::parse(EXAMPLE, "pipeline.toml").is_ok());
}

#[test]
fn what_is_not_utf8_is_told_with_its_place() {
    insta::assert_snapshot!(refuse_file(b"version = 1\nname = \"\xc3\xa4\xff\"\n"), @r#"
    error[not-utf8]: "pipeline.toml" is not UTF-8: byte 0xff at line 2, column 10
    hint: save it as UTF-8

    nothing was run
    "#);
    // UTF-16, as some editors save it.
    let error = refuse_file(b"\xff\xfev\0e\0");
    assert!(error.contains("byte 0xff at line 1, column 1"), "{error}");
}

#[test]
fn a_judge_without_its_file_is_told_when_loaded() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pipeline.toml");
    let text = "version = 1\n[judges.j]\npath = \"j.wasm\"\n[suites.a]\ncommand = [\"x\"]\njudge = \"j\"\n";
    std::fs::write(&file, text).expect("writable");
    insta::assert_snapshot!(told(dir.path(), &file), @r#"
    error[missing-judge]: judge "j" has no file there
     --> pipeline.toml:3:8
      |
    3 | path = "j.wasm"
      |        ^^^^^^^^ no such file
    hint: looked for j.wasm

    1 error in pipeline.toml; nothing was run
    "#);
    std::fs::write(dir.path().join("j.wasm"), "").expect("writable");
    let pipeline = Pipeline::load(&file).expect("all there");
    assert!(pipeline.file.is_absolute());
    assert_eq!(Some(pipeline.name.as_ref()), dir.path().file_name());
}

#[test]
fn nonsense_of_any_size_is_bounded() {
    let patterns = [
        "=",
        "[",
        "foo bar\n",
        "x9 =] \"a {[",
        "a.b.",
        "{a=",
        "\"\n",
        "a=1\n",
        "\u{1b}[31m\n",
    ];
    for pattern in patterns {
        let text = pattern.repeat(600_000 / pattern.len());
        let error = refuse(&text);
        let rendered = error.render(true);
        assert!(error.problems().len() <= MAX_SHOWN);
        assert!(rendered.len() < 40_000, "{pattern:?}: {}", rendered.len());
        let hidden = error.total() - error.problems().len();
        assert_eq!(
            hidden > 0,
            rendered.contains(&format!("... and {hidden} more\n"))
        );
    }
    let error = refuse_file(&b"nonsense ".repeat(1_200_000));
    assert!(error.starts_with("error[too-large]"), "{error}");
}

#[test]
fn a_thousand_suites_are_checked_in_linear_time() {
    let mut text = "version = 1\n[defaults]\ntimeout = \"5m\"\n".to_owned();
    for index in 0..5_000 {
        let previous = index - i32::from(index > 0);
        let needs = if index > 0 {
            format!("needs = [\"s{previous}\"]\n")
        } else {
            String::new()
        };
        write!(text, "[suites.s{index}]\ncommand = [\"true\", \"${{matrix.x}}\"]\n{needs}matrix = {{ x = [1, 2] }}\n")
            .expect("a string takes everything");
    }
    let pipeline = Pipeline::parse(&text, "pipeline.toml").expect("right");
    assert_eq!(pipeline.suites.len(), 5_000);
    // The chain closed to a circle of all: found without recursion, and shown in part.
    let circle = text.replacen("[suites.s0]\n", "[suites.s0]\nneeds = [\"s4999\"]\n", 1);
    let error = refuse(&circle);
    assert_eq!(error.total(), 1);
    assert!(error.concise().len() < 1_000, "{error}");
}

#[test]
fn a_byte_order_mark_does_not_count_as_a_column() {
    let error = refuse("\u{feff}speed = 1\nversion = 1\n[suites.a]\ncommand = [\"x\"]\n");
    insta::assert_snapshot!(error.render(false), @r#"
    error[unknown-key]: a pipeline has no key "speed"
     --> pipeline.toml:1:1
      |
    1 | speed = 1
      | ^^^^^
    hint: keys: version, name, run, defaults, judges, suites, kubernetes, report

    1 error in pipeline.toml; nothing was run
    "#);
}

#[test]
fn messages_are_safe_for_a_terminal() {
    let error = refuse(
        "version = 1\n\"\\u001b[31m\\u202e\" = 1\n# \u{202e}\u{7}\n[suites.a]\ncommand = [\"x\"]\njudge = \"\u{202e}\u{200b}\"\n",
    );
    for text in [error.render(false), error.concise()] {
        let odd = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!text.contains(odd), "{text:?}");
    }
    assert!(!error.render(false).contains('\u{1b}'));
    assert!(error.render(true).contains("\u{1b}["));
}

#[test]
fn names_come_from_the_folder() {
    let name = |file| {
        Pipeline::parse("version = 1\n[suites.a]\ncommand = [\"x\"]\n", file)
            .expect("right")
            .name
    };
    assert_eq!(name("/srv/shop/pipeline.toml"), "shop");
    assert_eq!(name("pipeline.toml"), "pipeline");
}

/// Text that gets far into the reader: pieces of pipelines in any order.
fn pieces_of_pipelines() -> impl Strategy<Value = String> {
    let pieces = [
        "version = 1\n",
        "[run]\n",
        "jobs = ",
        "[suites.a]\n",
        "[suites.b]\n",
        "[judges.j]\n",
        "[defaults]\n",
        "command = [\"x\", \"${matrix.m}\"]\n",
        "script = \"${shard.index} $${a}\"\n",
        "needs = [\"a\", \"b\"]\n",
        "matrix = { m = [1, \"é\", true] }\n",
        "shards = 3\n",
        "timeout = \"5m\"\n",
        "judge = \"j\"\n",
        "path = \"x\"\n",
        "config = { a = [1, { b = 2 }] }\n",
        "limits.memory = \"1Gi\"\n",
        "\"",
        "'",
        "]",
        "{",
        "=",
        "\n",
        "5",
        "é",
        "\u{feff}",
        "\"\"\"",
        "#",
        "\r\n",
        "a.b.c = 1\n",
        "[[suites]]\n",
        "env.A = \"${\"\n",
        "artifacts = [\"[\"]\n",
        "[report]\njunit = \"x\"\n",
        "\0",
        "retries = {failed = 1}\n",
        "-1\n",
        "1e400\n",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..25)
        .prop_map(|pieces| pieces.concat())
}

/// Every property that any input must have.
fn hold(text: &str) -> Result<(), TestCaseError> {
    let error = match Pipeline::parse(text, "pipeline.toml") {
        Ok(pipeline) => {
            let plan = crate::plan::resolve(&pipeline, &crate::plan::Selection::default());
            prop_assert!(plan.is_ok());
            return Ok(());
        }
        Err(error) => error,
    };
    prop_assert!(!error.problems().is_empty());
    prop_assert!(error.total() >= error.problems().len());
    let mut last = 0;
    for problem in error.problems() {
        prop_assert!(!problem.message.is_empty());
        if let Some(span) = &problem.span {
            prop_assert!(text.get(span.clone()).is_some(), "{:?}", problem);
            prop_assert!(span.start >= last);
            last = span.start;
            let lines = text
                .get(..span.start)
                .map_or(0, |before| before.matches('\n').count());
            prop_assert_eq!(problem.line, lines + 1);
            prop_assert!(problem.column >= 1);
        }
    }
    prop_assert!(error.render(true).ends_with("nothing was run\n"));
    prop_assert!(error.render(false).contains(error.problems()[0].code));
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        hold(&text)?;
    }

    #[test]
    fn any_mixture_of_pipelines_is_answered(text in pieces_of_pipelines()) {
        hold(&text)?;
        hold(&format!("version = 1\n[suites.a]\ncommand = [\"x\"]\n{text}"))?;
    }

    #[test]
    fn any_cut_of_a_pipeline_is_answered(at in 0usize..1500, junk in "\\PC{0,3}") {
        let whole = include_str!("../../../tests/config/valid/maximal.toml");
        let cut = whole.floor_char_boundary(at);
        let (start, end) = whole.split_at(cut);
        hold(start)?;
        hold(&format!("{start}{junk}{end}"))?;
    }
}
