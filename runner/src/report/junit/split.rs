//! A report in several files, where a reader takes only so much of one: GitLab refuses a larger file as a whole.

use std::io;
use std::path::{Path, PathBuf};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::terminal::text;

/// What a reader takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub bytes: usize,
    /// Cases of one file.
    pub cases: usize,
    /// Elements of one file.
    pub elements: usize,
    /// Bytes of all files together.
    pub all_bytes: usize,
    /// Cases of all files together.
    pub all_cases: usize,
}

/// GitLab's are 30 MB and 250,000 elements a file, 100 MB and 500,000 cases a job.
pub const GITLAB: Limits = Limits {
    bytes: 20 << 20,
    cases: 20_000,
    elements: 200_000,
    all_bytes: 90 << 20,
    all_cases: 450_000,
};

/// What a file takes before its first suite, and a suite beside what is measured.
const BASE: usize = 1024;

/// What a case takes of them.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    bytes: usize,
    elements: usize,
}

/// A file without suites.
const EMPTY: Weight = Weight {
    bytes: BASE,
    elements: 1,
};

/// Cases that found no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Omitted {
    pub(super) passed: u64,
    pub(super) others: u64,
}

impl Omitted {
    /// Returns `12 passed cases`; none without any.
    pub(super) fn words(self) -> Option<String> {
        match (self.passed, self.others) {
            (0, 0) => None,
            (passed, 0) => Some(text::plural(passed, "passed case")),
            (0, others) => Some(format!(
                "{} that did not pass",
                text::plural(others, "case")
            )),
            (passed, others) => Some(format!(
                "{} and {} that did not pass",
                text::plural(passed, "passed case"),
                text::number(others)
            )),
        }
    }
}

/// Returns the report in as many parts as it needs, and what found no room in any. What did not pass goes first.
pub(super) fn split(whole: &Report, limits: Limits) -> io::Result<(Vec<Report>, Omitted)> {
    let mut scale = Scale::new()?;
    let mut weights = Vec::with_capacity(whole.test_suites.len());
    for suite in &whole.test_suites {
        let cases = suite.test_cases.iter().map(|case| scale.weigh(case));
        weights.push(cases.collect::<io::Result<Vec<Weight>>>()?);
    }
    let kept = kept(whole, &weights, limits);
    let mut parts = Parts::new(whole, limits);
    let mut omitted = Omitted::default();
    for ((suite, weights), kept) in whole.test_suites.iter().zip(&weights).zip(&kept) {
        let mut here = Omitted::default();
        for (case, _) in suite
            .test_cases
            .iter()
            .zip(kept)
            .filter(|(_, kept)| !**kept)
        {
            if passed(case) {
                here.passed += 1;
            } else {
                here.others += 1;
            }
        }
        omitted.passed += here.passed;
        omitted.others += here.others;
        parts.begin(suite, here, scale.header(suite)?);
        for ((case, weight), _) in suite
            .test_cases
            .iter()
            .zip(weights)
            .zip(kept)
            .filter(|(_, kept)| **kept)
        {
            parts.add(suite, case, *weight);
        }
    }
    Ok((parts.done, omitted))
}

fn passed(case: &TestCase) -> bool {
    matches!(&case.status, TestCaseStatus::Success { flaky_runs, .. } if flaky_runs.is_empty())
}

fn failed(case: &TestCase) -> bool {
    matches!(
        &case.status,
        TestCaseStatus::NonSuccess {
            kind: NonSuccessKind::Failure | NonSuccessKind::Error,
            ..
        }
    )
}

/// Which cases there is room for: failed ones first, then all that did not simply pass, then the others.
fn kept(whole: &Report, weights: &[Vec<Weight>], limits: Limits) -> Vec<Vec<bool>> {
    let mut kept: Vec<Vec<bool>> = weights
        .iter()
        .map(|weights| vec![false; weights.len()])
        .collect();
    let (mut bytes, mut cases) = (0, 0);
    // What stands for a whole suite stays: without it the suite would not be there at all.
    let plain: fn(&TestCase) -> bool =
        |case| passed(case) && case.name.as_str() != super::cases::SUITE;
    let turns: [&dyn Fn(&TestCase) -> bool; 3] =
        [&failed, &|case| !failed(case) && !plain(case), &plain];
    for turn in turns {
        for ((suite, weights), kept) in whole.test_suites.iter().zip(weights).zip(&mut kept) {
            for ((case, weight), kept) in suite.test_cases.iter().zip(weights).zip(kept) {
                let fits = bytes + weight.bytes <= limits.all_bytes && cases < limits.all_cases;
                if turn(case) && fits {
                    *kept = true;
                    bytes += weight.bytes;
                    cases += 1;
                }
            }
        }
    }
    kept
}

/// Measures what is written of a case.
struct Scale {
    report: Report,
    empty: usize,
}

impl Scale {
    fn new() -> io::Result<Self> {
        let mut report = Report::new("");
        report.add_test_suite(TestSuite::new(""));
        let empty = write(&report)?.len();
        Ok(Self { report, empty })
    }

    fn weigh(&mut self, case: &TestCase) -> io::Result<Weight> {
        if let Some(suite) = self.report.test_suites.first_mut() {
            suite.test_cases.clear();
            suite.test_cases.push(case.clone());
        }
        self.measure()
    }

    /// What a suite takes beside its cases.
    fn header(&mut self, suite: &TestSuite) -> io::Result<Weight> {
        let mut bare = header_of(suite);
        bare.system_out.clone_from(&suite.system_out);
        bare.system_err.clone_from(&suite.system_err);
        let before = std::mem::replace(&mut self.report.test_suites, vec![bare]);
        let weight = self.measure();
        self.report.test_suites = before;
        let mut weight = weight?;
        weight.bytes += BASE / 4;
        weight.elements += 1;
        Ok(weight)
    }

    fn measure(&self) -> io::Result<Weight> {
        let text = write(&self.report)?;
        let tags = memchr::memchr_iter(b'<', text.as_bytes());
        let opening = tags.filter(|at| !matches!(text.as_bytes().get(at + 1), Some(b'/' | b'?')));
        Ok(Weight {
            bytes: text.len().saturating_sub(self.empty),
            elements: opening.count().saturating_sub(2),
        })
    }
}

fn write(report: &Report) -> io::Result<String> {
    report.to_string().map_err(io::Error::other)
}

/// The files so far.
struct Parts {
    limits: Limits,
    /// Without suites.
    bare: Report,
    done: Vec<Report>,
    weight: Weight,
    cases: usize,
    header: Weight,
}

impl Parts {
    fn new(whole: &Report, limits: Limits) -> Self {
        let mut bare = Report::new(whole.name.as_str());
        bare.timestamp = whole.timestamp;
        bare.time = whole.time;
        Self {
            limits,
            done: vec![bare.clone()],
            bare,
            weight: EMPTY,
            cases: 0,
            header: EMPTY,
        }
    }

    /// Begins a suite; what the suite wrote is told there only.
    fn begin(&mut self, suite: &TestSuite, omitted: Omitted, header: Weight) {
        let begun = self
            .done
            .last()
            .is_some_and(|part| !part.test_suites.is_empty());
        if begun && !self.has_room(header) {
            self.next();
        }
        let mut first = header_of(suite);
        first.system_out.clone_from(&suite.system_out);
        first.system_err.clone_from(&suite.system_err);
        if let Some(words) = omitted.words() {
            let why = format!("{words}: above the limits of the CI system");
            first.add_property(Property::new("tribunal.omitted", why));
        }
        self.header = header;
        self.put(first, header);
    }

    fn has_room(&self, more: Weight) -> bool {
        self.weight.bytes + more.bytes <= self.limits.bytes
            && self.weight.elements + more.elements <= self.limits.elements
            && self.cases < self.limits.cases
    }

    fn next(&mut self) {
        self.done.push(self.bare.clone());
        self.weight = EMPTY;
        self.cases = 0;
    }

    fn put(&mut self, suite: TestSuite, weight: Weight) {
        if let Some(part) = self.done.last_mut() {
            part.test_suites.push(suite);
        }
        self.weight.bytes += weight.bytes;
        self.weight.elements += weight.elements;
    }

    fn add(&mut self, suite: &TestSuite, case: &TestCase, weight: Weight) {
        if !self.has_room(weight) && self.cases > 0 {
            self.next();
            self.put(header_of(suite), self.header);
        }
        self.cases += 1;
        self.weight.bytes += weight.bytes;
        self.weight.elements += weight.elements;
        let here = self
            .done
            .last_mut()
            .and_then(|part| part.test_suites.last_mut());
        if let Some(here) = here {
            here.add_test_case(case.clone());
        }
    }
}

fn header_of(suite: &TestSuite) -> TestSuite {
    let mut header = TestSuite::new(suite.name.as_str());
    header.time = suite.time;
    header.timestamp = suite.timestamp;
    header.properties.clone_from(&suite.properties);
    header
}

/// Counts of a report that was put together suite by suite.
pub(super) fn count(report: &mut Report) {
    let suites = std::mem::take(&mut report.test_suites);
    report.add_test_suites(suites);
}

/// Returns the file of a part, from 1: `junit.xml`, `junit-2.xml` and so on.
pub(super) fn file(first: &Path, part: usize) -> PathBuf {
    if part == 1 {
        return first.to_owned();
    }
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let extension = first
        .extension()
        .unwrap_or("xml".as_ref())
        .to_string_lossy();
    first.with_file_name(format!("{stem}-{part}.{extension}"))
}
