//! Results that wait for the name of their package, which comes last.

use tribunal_judge_kit::book::MOST_CASES;
use tribunal_sdk::CaseStatus;

/// The results, in order; their names in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Results {
    names: String,
    /// Status, where the name ends, milliseconds.
    all: Vec<(CaseStatus, usize, Option<f64>)>,
}

impl Results {
    pub(crate) fn push(&mut self, status: CaseStatus, name: &str, milliseconds: Option<f64>) {
        self.names.push_str(name);
        self.all.push((status, self.names.len(), milliseconds));
    }

    /// Whether there are as many as are told apart at all.
    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= MOST_CASES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CaseStatus, &str, Option<f64>)> {
        let mut start = 0;
        self.all.iter().map(move |&(status, end, milliseconds)| {
            let name = self.names.get(start..end).unwrap_or_default();
            start = end;
            (status, name, milliseconds)
        })
    }

    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.all.clear();
    }
}
