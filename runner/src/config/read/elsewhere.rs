//! Keys that stand in the wrong table: where they belong.

use super::{KEEP_KEYS, KEYS, RUN_KEYS, judge, kubernetes, suite};

/// Returns the table that has the key, as one writes it; the most common first.
pub(super) fn home(key: &str) -> Option<&'static str> {
    let tables: [(&str, &[&str]); 9] = [
        ("the pipeline, above all tables", &KEYS),
        ("[run]", &RUN_KEYS),
        ("a suite, or of [defaults] for all", &suite::KEYS),
        ("`keep = { … }` in [run]", &KEEP_KEYS),
        ("`retries = { … }` of a suite", &suite::RETRY_KEYS),
        (
            "[kubernetes], for all suites, or of [suites.NAME.kubernetes]",
            &kubernetes::KEYS,
        ),
        ("[kubernetes]", &kubernetes::RUN_KEYS),
        ("[judges.NAME]", &judge::KEYS),
        ("[judges.NAME.limits]", &judge::LIMIT_KEYS),
    ];
    let found = tables.iter().find(|(_, keys)| keys.contains(&key));
    found.map(|(place, _)| *place)
}
