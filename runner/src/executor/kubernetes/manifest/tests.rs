//! What Jobs look like.
