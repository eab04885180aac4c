//! Every recorded run is recognised as what it is, or not at all.

use tribunal_judge_auto::{Choice, Kind, Signs};
use tribunal_judge_kit::Lines;
use tribunal_judge_kit::testing::fixtures;

fn choose(outputs: &[&[u8]]) -> Choice {
    let mut signs = Signs::default();
    for output in outputs {
        let mut lines = Lines::new();
        lines.feed(output, |line| signs.line(line));
        lines.finish(|line| signs.line(line));
    }
    signs.choose()
}

#[test]
fn recorded_runs_are_recognised_and_never_mistaken() {
    let mut problems = Vec::new();
    for kind in Kind::ALL {
        if kind == Kind::Junit {
            continue;
        }
        let (mut sure, mut all) = (0, 0);
        for fixture in fixtures(kind.name()) {
            all += 1;
            match choose(&[&fixture.stdout, &fixture.stderr]) {
                Choice::Sure(found, _) if found == kind => sure += 1,
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
    assert!(matches!(choose(&[b"hello\n"]), Choice::Unsure(_)));
    let two = b"TAP version 13\n1..1\nok 1\n=== RUN   TestA\n";
    let Choice::Unsure(why) = choose(&[two]) else {
        panic!("two formats");
    };
    assert!(
        why.contains("tap (line 1)") && why.contains("go-test (line 4)"),
        "{why}"
    );
}
