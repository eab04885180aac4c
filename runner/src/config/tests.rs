//! Reading pipelines; `tests/config/` has a file for every mistake.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Pipeline, ConfigError> {
    Pipeline::parse(text.to_owned(), Path::new("pipeline.toml"))
}

#[test]
fn defaults_apply_and_are_overridden() {
    let pipeline = parse(
        r#"
        version = 1
        [defaults]
        timeout = "5m"
        env = { A = "1", B = "1" }
        retries = { infra = 7 }
        [suites.z]
        command = ["x"]
        [suites.a]
        script = "y"
        timeout = "1s"
        env = { B = "2" }
        retries = { failed = 3 }
        "#,
    )
    .expect("valid");
    let [z, a] = &pipeline.suites[..] else {
        panic!("two suites in the order of the file")
    };
    assert_eq!(
        (z.name.as_str(), z.timeout, z.grace),
        ("z", Duration::from_mins(5), Duration::from_secs(10))
    );
    assert_eq!(
        (a.timeout, a.retries.infra, a.retries.failed),
        (Duration::from_secs(1), 7, 3)
    );
    assert_eq!(
        a.env,
        BTreeMap::from([("A".into(), "1".into()), ("B".into(), "2".into())])
    );
}

#[test]
fn ten_thousand_suites_in_a_row_are_no_problem() {
    use std::fmt::Write as _;
    let mut text = "version = 1\n".to_owned();
    for n in 0..10_000 {
        writeln!(
            text,
            "[suites.s{n}]\ncommand = [\"x\"]\nneeds = [\"s{}\"]",
            (n + 1) % 10_000
        )
        .expect("a string");
    }
    let error = parse(&text).expect_err("a circle");
    assert_eq!(error.problems.len(), 1);
    assert_eq!(error.problems[0].code, "cycle");
}

#[test]
fn many_mistakes_are_counted_and_twenty_shown() {
    use std::fmt::Write as _;
    let mut text = "version = 1\n[suites.a]\ncommand = ['x']\n".to_owned();
    for n in 0..50 {
        writeln!(text, "key{n} = 1").expect("a string");
    }
    let rendered = parse(&text).expect_err("unknown keys").render(false);
    assert!(
        rendered.ends_with("... and 30 more\n50 errors in pipeline.toml; nothing was run\n"),
        "{rendered}"
    );
    assert_eq!(rendered.matches("error[unknown-key]").count(), 20);
}

/// Text that is often nearly a pipeline.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "version = 1\n",
        "[suites.a]\n",
        "[suites.é]\n",
        "command = ['x']\n",
        "command = 'x'\n",
        "[defaults]\n",
        "timeout = '1s'\n",
        "timeout = 5\n",
        "needs = ['a', 'b']\n",
        "matrix = { v = [1, 'ü'] }\n",
        "[judges.j]\n",
        "path = 'x'\n",
        "limits = { memory = '1MiB' }\n",
        "[run]\n",
        "jobs = 0\n",
        "shards = -1\n",
        "[report]\n",
        "junit = 'x'\n",
        "'''",
        "\"",
        "[",
        "{",
        "=",
        "\u{0}",
        "\u{202e}",
        "\r\n",
        "# x\n",
        "env.A = 1\n",
    ]);
    prop::collection::vec(
        prop_oneof![3 => word.prop_map(str::to_owned), 1 => any::<String>()],
        0..20,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_every_place_lies_inside(text in nearly()) {
        if let Err(error) = parse(&text) {
            for problem in &error.problems {
                prop_assert!(problem.span.start <= text.len() && problem.span.end <= text.len());
            }
            prop_assert!(!error.render(false).contains('\u{1b}') || text.contains('\u{1b}'));
            prop_assert!(!error.render_concise().is_empty());
            error.render(true);
        }
    }
}
