//! The titles around a test, where indentation says what is inside of what.

use crate::text::clip;

/// The longest title, in characters.
const TITLE: usize = 1_000;

/// Titles that are open, each deeper than the one before. Their memory is used again: outputs hold millions.
#[derive(Debug, Default)]
pub struct Titles {
    all: Vec<(usize, String)>,
    used: usize,
}

impl Titles {
    /// Opens a title at this depth, and closes those that are as deep or deeper. More than `most` are not kept.
    pub fn open(&mut self, depth: usize, title: &str, most: usize) {
        self.used = self.open_above(depth);
        if self.used >= most {
            return;
        }
        if self.used == self.all.len() {
            self.all.push((0, String::new()));
        }
        let Some((at, text)) = self.all.get_mut(self.used) else {
            return;
        };
        *at = depth;
        if title.len() <= TITLE {
            text.clear();
            text.push_str(title);
        } else {
            *text = clip(title, TITLE);
        }
        self.used += 1;
    }

    /// Closes those that are as deep as this or deeper.
    pub fn close(&mut self, depth: usize) {
        self.used = self.open_above(depth);
    }

    /// Returns how deep the last one is.
    pub fn deepest(&self) -> Option<usize> {
        let last = self.used.checked_sub(1)?;
        self.all.get(last).map(|(depth, _)| *depth)
    }

    /// Returns all, from the outside in.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let open = self.all.iter().take(self.used);
        open.map(|(_, title)| title.as_str())
    }

    /// Closes all.
    pub fn clear(&mut self) {
        self.used = 0;
        // Once in a while somebody nests deeply.
        self.all.truncate(64);
    }

    /// Writes the titles above this depth into `id`, each with `between` behind it.
    pub fn put(&self, depth: usize, between: &str, id: &mut String) {
        for (_, title) in self.all.iter().take(self.open_above(depth)) {
            id.push_str(title);
            id.push_str(between);
        }
    }

    fn open_above(&self, depth: usize) -> usize {
        let open = self.all.get(..self.used).unwrap_or_default();
        let deeper = open.iter().rev().take_while(|(at, _)| *at >= depth);
        self.used - deeper.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(titles: &Titles, depth: usize) -> String {
        let mut id = String::new();
        titles.put(depth, "/", &mut id);
        id
    }

    #[test]
    fn what_is_as_deep_closes_what_was_open() {
        let mut titles = Titles::default();
        assert_eq!(around(&titles, 9), "");
        for (depth, title) in [(2, "a"), (4, "b"), (8, "c")] {
            titles.open(depth, title, 9);
        }
        assert_eq!(around(&titles, 9), "a/b/c/");
        assert_eq!(around(&titles, 8), "a/b/");
        titles.open(4, "d", 9);
        assert_eq!(around(&titles, 99), "a/d/");
        titles.open(6, "e", 2);
        assert_eq!(around(&titles, 99), "a/d/");
        titles.open(2, &"ä".repeat(1_200), 9);
        assert_eq!(around(&titles, 99), format!("{}…/", "ä".repeat(1_000)));
        titles.open(4, "f", 9);
        titles.close(4);
        assert_eq!((titles.deepest(), titles.iter().count()), (Some(2), 1));
        titles.clear();
        assert_eq!(titles.deepest(), None);
        assert_eq!(around(&titles, 99), "");
    }
}
