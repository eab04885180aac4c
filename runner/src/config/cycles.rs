//! Finds suites that need each other in a circle.

use std::collections::HashMap;

use super::SuiteDecl;
use super::problem::Problems;

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Notes every circle once, at the need that closes it.
pub(super) fn find(suites: &[SuiteDecl], problems: &mut Problems) {
    let places: HashMap<&str, usize> = suites
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), index))
        .collect();
    let mut marks = vec![Mark::New; suites.len()];
    for start in 0..suites.len() {
        // A path of suites, each with the number of its needs that were followed already: no recursion, so
        // that ten thousand suites in a row are no problem.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            path.push((start, 0));
        }
        while let Some((suite, followed)) = path.last_mut() {
            let here = *suite;
            let Some((need, span)) = suites[here].needs.get(*followed) else {
                marks[here] = Mark::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            let Some(next) = places
                .get(need.as_str())
                .copied()
                .filter(|next| *next != here)
            else {
                continue;
            };
            match marks[next] {
                Mark::Done => {}
                Mark::New => {
                    marks[next] = Mark::Open;
                    path.push((next, 0));
                }
                Mark::Open => {
                    let from = path
                        .iter()
                        .position(|(suite, _)| *suite == next)
                        .unwrap_or(0);
                    let mut names: Vec<&str> = path[from..]
                        .iter()
                        .map(|(suite, _)| suites[*suite].name.as_str())
                        .collect();
                    names.push(&suites[next].name);
                    let message = format!("suites need each other: {}", names.join(" -> "));
                    problems.add("cycle", span.clone(), message, "none of them could start");
                }
            }
        }
    }
}
