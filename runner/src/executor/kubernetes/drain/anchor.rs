//! Finds the place in a newly opened log up to which its content is known.

/// How many of the last known records make an anchor.
pub(super) const LEN: usize = 64;

/// Looks for the last known records in a new body.
///
/// The body may begin inside of them: then its first records must be a tail of the anchor. Several places may
/// fit while equal records repeat; the last one that fits wholly is taken.
#[derive(Debug)]
pub(super) struct Search {
    anchor: Vec<u64>,
    /// How many records of the anchor each place that still fits has.
    alive: Vec<usize>,
    first: bool,
}

/// What a record of the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// No place fits any more, or none did yet.
    Lost,
    /// A place may fit: hold the record back.
    Maybe,
    /// The anchor ends here, and no other place fits: what follows is new.
    Found,
    /// The anchor ends here; another place may still fit, so that what follows is to be held back.
    FoundOnce,
}

impl Search {
    pub(super) fn new(anchor: Vec<u64>) -> Self {
        Self {
            anchor,
            alive: Vec::new(),
            first: true,
        }
    }

    /// Whether the next record may still be a known one.
    pub(super) fn is_open(&self) -> bool {
        !self.alive.is_empty()
    }

    pub(super) fn step(&mut self, id: u64) -> Step {
        let mut next: Vec<usize> = self
            .alive
            .iter()
            .filter(|at| self.anchor.get(**at) == Some(&id))
            .map(|at| at + 1)
            .collect();
        if self.first {
            next.extend(
                self.anchor
                    .iter()
                    .enumerate()
                    .filter(|(_, known)| **known == id)
                    .map(|(at, _)| at + 1),
            );
            self.first = false;
        } else if self.anchor.first() == Some(&id) {
            next.push(1);
        }
        next.sort_unstable();
        next.dedup();
        let found = next.last() == Some(&self.anchor.len());
        if found {
            next.pop();
        }
        self.alive = next;
        match (found, self.alive.is_empty()) {
            (true, true) => Step::Found,
            (true, false) => Step::FoundOnce,
            (false, true) => Step::Lost,
            (false, false) => Step::Maybe,
        }
    }
}
