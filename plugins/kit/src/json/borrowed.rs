//! Texts that are not copied where they need not be.

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;

/// A text of a report, borrowed from it unless there are escapes in it. serde itself copies what is optional or
/// in a list.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    /// Returns the text by itself.
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
