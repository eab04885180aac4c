//! A stranger with nothing but the end of a failing run's output: finds the line, says what is not decided and why,
//! and runs the failed suites again. Every command is one that the output itself names.

use std::fs;

use regex::Regex;

use crate::piped::{commands, shell};
use crate::support::Project;

#[test]
fn from_the_recap_to_the_line_the_reason_and_the_next_run() {
    let project = Project::new(
        r#"
        [suites.unit]
        command = ["sh", "check-cart.sh"]
        judge = "tap"
        [suites.load]
        script = "echo all users done; sleep 7655.1 &"
        drain_timeout = "300ms"
        retries = { infra = 0 }
        [suites.lint]
        script = "echo 3 files checked; touch lint-ran"
        "#,
    );
    let script = "total=17.99\n\
        echo 1..2\n\
        if [ $total = 18.00 ]; then echo 'ok 1 - total with coupon'; else bad=1\n\
        echo 'not ok 1 - total with coupon'\n\
        printf '  ---\\n  message: total is %s\\n  file: check-cart.sh\\n  line: 3\\n  ...\\n' $total; fi\n\
        echo 'ok 2 - tax'\n\
        exit ${bad:-0}\n";
    project.write("check-cart.sh", script);
    let run = project.tribunal(&["run"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let (_, recap) = run.out.split_once("\n\n").expect("a recap");
    assert!(recap.lines().count() <= 20, "it fits any screen:\n{recap}");

    // Where is it?
    let failure = Regex::new(r"(?m)^unit +(\S+):(\d+) (.+) - (.+)$").expect("right");
    let found = failure
        .captures(recap)
        .unwrap_or_else(|| panic!("no place in\n{recap}"));
    let source = fs::read_to_string(project.path().join(&found[1])).expect("that file is there");
    let line = source
        .lines()
        .nth(found[2].parse::<usize>().expect("a number") - 1);
    assert!(
        line.expect("that line is there").contains("18.00"),
        "{line:?}\n{recap}"
    );
    assert!(found[3].contains("total with coupon") && found[4].contains("total is 17.99"));

    // Which is not decided, and why?
    let undecided =
        Regex::new(r"=== NOT DECIDED \(1 suite\) ===\n(\S+) +incomplete: (.+)").expect("right");
    let found = undecided
        .captures(recap)
        .unwrap_or_else(|| panic!("no reason in\n{recap}"));
    assert_eq!(&found[1], "load");
    assert!(found[2].contains("the output did not end"), "{recap}");
    let named = commands(recap);
    let deeper = named
        .iter()
        .find(|line| line.contains(" show ") && line.ends_with(" load"));
    let more = shell(&project, deeper.expect("it leads on"));
    assert!(
        more.out.contains("held open") && more.out.contains("sleep 7655.1"),
        "{}",
        more.out
    );

    // Put right, and run again: only what did not pass.
    fs::remove_file(project.path().join("lint-ran")).expect("it ran");
    project.write("check-cart.sh", script.replace("17.99", "18.00"));
    let pipeline = project.path().join("pipeline.toml");
    let text = fs::read_to_string(&pipeline).expect("there");
    fs::write(
        &pipeline,
        text.replace("7655.1 &", "7655.1 >/dev/null 2>&1 & kill $!"),
    )
    .expect("written");
    let again = named.iter().find(|line| line.starts_with("tribunal run"));
    let second = shell(&project, again.expect("it says how to run them again"));
    assert_eq!(second.code, Some(0), "{}{}", second.out, second.err);
    assert!(
        second.out.contains("PASS  2 suites: 2 passed"),
        "{}",
        second.out
    );
    assert!(
        !project.path().join("lint-ran").exists(),
        "what passed does not run again"
    );
}
