//! The captured output of an attempt: written without loss, read while it grows.

/// Writes an attempt's output.
#[derive(Debug)]
pub struct Writer {}

/// An attempt's output, to be read while it grows and after.
#[derive(Debug)]
pub struct Capture {}
