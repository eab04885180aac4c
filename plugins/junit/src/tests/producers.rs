//! Reports of real producers.
