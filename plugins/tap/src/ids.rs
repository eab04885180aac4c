//! The ids of a document's points, of which none may come twice.

use std::collections::HashSet;

/// The ids of a document's points.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// All up to this one were seen: almost always that is all.
    all_to: u64,
    /// Those beyond.
    others: HashSet<u64>,
    /// The highest.
    pub(crate) most: u64,
}

impl Ids {
    /// Takes an id; whether it is a new one.
    pub(crate) fn insert(&mut self, id: u64) -> bool {
        self.most = self.most.max(id);
        if id <= self.all_to {
            return false;
        }
        if id == self.all_to + 1 && !self.others.contains(&id) {
            self.all_to = id;
            return true;
        }
        self.others.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_whatever_the_order() {
        let mut ids = Ids::default();
        let seen = [1, 2, 5, 4, 3, 4, 5, 6, 2, 7, u64::MAX, u64::MAX].map(|id| ids.insert(id));
        let want = [1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0].map(|new| new == 1);
        assert_eq!((seen, ids.most), (want, u64::MAX));
    }
}
