//! Everything that a judge must hold, with recorded runs of four versions of Node.js.

use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};
use tribunal_judge_node_test::Parser;

const FAKES: [&str; 2] = [
    "ℹ tests 9\nℹ suites 0\nℹ pass 9\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 1\n",
    "# tests 9\n# suites 0\n# pass 9\n# fail 0\n# duration_ms 1\n",
];

#[test]
fn every_row_of_the_table() {
    check_table(
        text::<Parser>,
        Samples {
            green: "✔ a (1ms)\n✔ b (1ms)\nℹ tests 2\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ duration_ms 5.1\n",
            balanced: true,
            red: "✔ a (1ms)\n✖ b (1ms)\nℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1\nℹ duration_ms 5.1\n",
            no_summary: "✔ a (1ms)\n",
            short: Some(
                "✔ a (1ms)\nℹ tests 2\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ duration_ms 5.1\n",
            ),
            empty: Some("ℹ tests 0\nℹ suites 0\nℹ pass 0\nℹ fail 0\nℹ duration_ms 5.1\n"),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(text::<Parser>, &fixtures("node-test"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(text::<Parser>, &fixtures("node-test"), &FAKES);
}
