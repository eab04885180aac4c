//! Tests of the Markdown report: its snapshots, its limits, and that foreign text stays text.

use super::super::recorded;
use super::*;

#[test]
fn a_run_of_every_kind() {
    insta::assert_snapshot!(render(&recorded::summary(), COMMENT));
}

#[test]
fn what_does_not_fit_is_left_out_by_the_part_and_told() {
    let mut summary = recorded::summary();
    let suite = summary.suites.first().expect("suites").clone();
    for number in 0..12_000 {
        let mut suite = suite.clone();
        suite.name = format!("more-{number}");
        summary.suites.push(suite);
    }
    for limit in [2_000, COMMENT, STEP_SUMMARY] {
        let text = render(&summary, limit);
        assert!(text.len() <= limit, "{limit}: {}", text.len());
        assert!(text.contains("\nNot shown: "), "{limit}");
        assert!(text.starts_with("### FAIL "), "{limit}");
    }
}

#[test]
fn foreign_text_stays_text() {
    let hostile =
        "</code><script>alert(1)</script> @all [x](http://x) `a` *b* | c \u{1b}[31m www.x.org";
    assert_eq!(
        code(hostile),
        "<code>&#60;/code&#62;&#60;script&#62;alert(1)&#60;/script&#62; &#64;all &#91;x&#93;(http&#58;//x) \
         &#96;a&#96; &#42;b&#42; &#124; c  www&#46;x.org</code>"
    );
    let fence = fenced("a\n````\n</details>\n");
    assert_eq!(fence, "`````text\na\n````\n</details>\n`````\n");
    // Not the blank lines around it, but the blanks before its first word.
    assert_eq!(fenced("\n \n  a\n\nb\n\n"), "```text\n  a\n\nb\n```\n");
    assert!(fenced(&"line\n".repeat(50)).ends_with("… 10 more lines\n```\n"));
}

#[test]
fn a_step_summary_is_added_at_the_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("summary.md");
    std::fs::write(&path, "before\n").expect("written");
    recorded::play(&mut Markdown::new(Out::Append(path.clone()), STEP_SUMMARY));
    let text = std::fs::read_to_string(&path).expect("there");
    let whole = render(&recorded::summary(), STEP_SUMMARY);
    assert_eq!(text, format!("before\n{whole}"));
}
