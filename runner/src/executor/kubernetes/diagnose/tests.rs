//! Sentences for what clusters say.
