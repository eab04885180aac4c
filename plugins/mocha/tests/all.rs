//! Everything that a judge must hold, with recorded runs of mocha.

use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures,
};
use tribunal_judge_mocha::{Json, Text};

const FAKES: [&str; 2] = [
    "\n  9 passing (1ms)\n\n",
    "{\"stats\": {\"tests\": 1, \"failures\": 0}, \"tests\": [{\"title\": \"a\", \"fullTitle\": \"a\"}], \"passes\": [{\"title\": \"a\", \"fullTitle\": \"a\"}]}\n",
];

#[test]
fn every_row_of_the_table() {
    check_table(
        subject::<Text, Json>,
        Samples {
            green: "\n\n  ✔ a\n  ✔ b\n\n\n  2 passing (3ms)\n\n",
            balanced: true,
            red: "\n\n  ✔ a\n  1) b\n\n\n  1 passing (3ms)\n  1 failing\n\n  1) b:\n     Error: no\n\n",
            no_summary: "\n\n  ✔ a\n",
            short: Some("\n\n  ✔ a\n\n\n  2 passing (3ms)\n\n"),
            empty: Some("\n\n  0 passing (1ms)\n\n"),
            unparsable: Some("{\"stats\": {\"tests\": \"many\"}}\n"),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject::<Text, Json>, &fixtures("mocha"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject::<Text, Json>, &fixtures("mocha"), &FAKES);
}
