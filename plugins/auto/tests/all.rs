//! Every recorded run is recognised as what it is, or not at all.

use tribunal_judge_auto::{Choice, Kind, Signs};
use tribunal_judge_kit::Lines;
use tribunal_judge_kit::testing::fixtures;

fn choose(outputs: &[&[u8]], artifacts: &[(String, Vec<u8>)]) -> Choice {
    let mut signs = Signs::default();
    for output in outputs {
        let mut lines = Lines::new();
        lines.feed(output, |line| signs.line(line));
        lines.finish(|line| signs.line(line));
    }
    for (name, bytes) in artifacts {
        signs.report(name, bytes);
    }
    signs.choose()
}

#[test]
fn recorded_runs_are_recognised_and_never_mistaken() {
    let mut problems = Vec::new();
    for kind in Kind::ALL {
        // Their recordings stand beside another tool's output, which is recognised first.
        if matches!(kind, Kind::Junit | Kind::Ctrf | Kind::Trx) {
            continue;
        }
        let (mut sure, mut all) = (0, 0);
        for fixture in fixtures(kind.name()) {
            all += 1;
            match choose(&[&fixture.stdout, &fixture.stderr], &fixture.artifacts) {
                Choice::Sure(found, _) if found == kind => sure += 1,
                Choice::Sure(Kind::NodeTest, _) if fixture.name.starts_with("node-") => sure += 1,
                Choice::Sure(found, why) => {
                    problems.push(format!("{kind:?} {}: {found:?} by {why}", fixture.name));
                }
                // Without a run's own lines (usage errors, silence) it must say so; a pass that is
                // not recognised is a nuisance.
                Choice::Unsure(why) if fixture.expect.status == "passed" => {
                    problems.push(format!("{kind:?} {}: {why}", fixture.name));
                }
                Choice::Unsure(_) => {}
            }
        }
        assert!(
            sure * 10 >= all * 7,
            "{kind:?}: only {sure} of {all} recognised"
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn nothing_and_too_much_are_told() {
    assert!(matches!(choose(&[b"hello\n"], &[]), Choice::Unsure(_)));
    let two = b"TAP version 13\n1..1\nok 1\n=== RUN   TestA\n";
    let Choice::Unsure(why) = choose(&[two], &[]) else {
        panic!("two formats");
    };
    assert!(
        why.contains("tap (line 1)") && why.contains("go-test (line 4)"),
        "{why}"
    );
}

#[test]
fn a_report_is_recognised_where_the_output_says_nothing() {
    for fixture in fixtures("ctrf") {
        if fixture.artifacts.is_empty() {
            continue;
        }
        let choice = choose(&[], &fixture.artifacts);
        let Choice::Sure(kind, why) = choice else {
            panic!("{}: {choice:?}", fixture.name);
        };
        assert_eq!(kind, Kind::Ctrf, "{}: {why}", fixture.name);
    }
    let one = [("a.json".to_owned(), b"{\"some\": \"other\"}".to_vec())];
    assert!(matches!(choose(&[], &one), Choice::Unsure(_)));
}
