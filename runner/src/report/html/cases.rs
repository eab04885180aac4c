//! Every case of a run in columns, equal texts once: a hundred thousand fit into a few megabytes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use crate::event::SuiteIndex;
use crate::model::{Case, CaseStatus};

/// One case.
struct Row {
    suite: SuiteIndex,
    id: Arc<str>,
    status: CaseStatus,
    duration_ms: f64,
    file: u32,
    line: u32,
    message: u32,
    details: u32,
}

/// The cases of a run, those of each suite's last attempt.
#[derive(Default)]
pub(super) struct Cases {
    /// By suite.
    rows: Vec<Vec<Row>>,
    /// By suite: the attempt, and where an id is.
    places: Vec<(u32, HashMap<Arc<str>, usize>)>,
    files: Texts,
    texts: Texts,
}

/// Texts, each once; 0 is the empty one.
#[derive(Default)]
struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Texts {
    fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return 0;
        };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = text.into();
        self.all.push(Arc::clone(&text));
        let number = u32::try_from(self.all.len()).unwrap_or(0);
        self.numbers.insert(text, number);
        number
    }

    fn all(&self) -> Vec<&str> {
        std::iter::once("")
            .chain(self.all.iter().map(|text| &**text))
            .collect()
    }
}

/// The columns as the page's script reads them.
#[derive(Default, Serialize)]
pub(super) struct Columns<'a> {
    files: Vec<&'a str>,
    texts: Vec<&'a str>,
    suite: Vec<SuiteIndex>,
    id: Vec<&'a str>,
    /// First letter of the status: p f e s l (flaky).
    status: String,
    ms: Vec<u64>,
    file: Vec<u32>,
    line: Vec<u32>,
    message: Vec<u32>,
    details: Vec<u32>,
}

impl Cases {
    /// An attempt begins: what an earlier one reported is forgotten.
    pub(super) fn attempt(&mut self, suite: SuiteIndex, attempt: u32) {
        if suite >= self.rows.len() {
            self.rows.resize_with(suite + 1, Vec::new);
            self.places.resize_with(suite + 1, Default::default);
        }
        if let (Some(rows), Some(places)) = (self.rows.get_mut(suite), self.places.get_mut(suite))
            && places.0 != attempt
        {
            *places = (attempt, HashMap::new());
            rows.clear();
        }
    }

    /// Takes in a case; the same id again replaces the earlier one.
    pub(super) fn add(&mut self, suite: SuiteIndex, attempt: u32, case: &Case) {
        self.attempt(suite, attempt);
        let (Some(rows), Some((_, places))) =
            (self.rows.get_mut(suite), self.places.get_mut(suite))
        else {
            return;
        };
        let known = places.get_key_value(case.id.as_str());
        let (id, place) = known.map_or_else(
            || (Arc::from(case.id.as_str()), rows.len()),
            |(id, place)| (Arc::clone(id), *place),
        );
        let row = Row {
            suite,
            id: Arc::clone(&id),
            status: case.status,
            duration_ms: case.duration_ms.unwrap_or(0.0),
            file: self.files.number(case.file.as_deref()),
            line: case.line.unwrap_or(0),
            message: self.texts.number(case.message.as_deref()),
            details: self.texts.number(case.details.as_deref()),
        };
        if let Some(old) = rows.get_mut(place) {
            *old = row;
        } else {
            places.insert(id, place);
            rows.push(row);
        }
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        let mut columns = Columns {
            files: self.files.all(),
            texts: self.texts.all(),
            ..Columns::default()
        };
        for row in self.rows.iter().flatten() {
            columns.suite.push(row.suite);
            columns.id.push(&row.id);
            columns.status.push(match row.status {
                CaseStatus::Passed => 'p',
                CaseStatus::Failed => 'f',
                CaseStatus::Errored => 'e',
                CaseStatus::Skipped => 's',
                CaseStatus::Flaky => 'l',
            });
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole milliseconds; the cast saturates"
            )]
            columns.ms.push(row.duration_ms.max(0.0).round() as u64);
            columns.file.push(row.file);
            columns.line.push(row.line);
            columns.message.push(row.message);
            columns.details.push(row.details);
        }
        columns
    }
}
