//! A suite's output, read in order.

use crate::evidence::{self, Channel};
use crate::lines::{Line, LineSplitter};

/// The most bytes one read returns; the host gives no more.
pub const CHUNK: u32 = 65_536;

/// One output of the suite, from its first byte on.
///
/// Every method blocks until there is more to read or the output has ended.
///
/// ```no_run
/// use tribunal_sdk::{Channel, Log};
///
/// let mut errors = Vec::new();
/// Log::open(Channel::Combined).each_line(|line| {
///     if line.bytes.starts_with(b"ERROR") {
///         errors.push(line.number);
///     }
/// });
/// // The host searches faster than any judge reads.
/// let hits = Log::open(Channel::Stderr).handle().search("^ERROR", 10).expect("a pattern");
/// assert!(hits.len() <= errors.len());
/// ```
pub struct Log {
    inner: evidence::Log,
}

impl Log {
    /// Opens a channel from its first byte.
    pub fn open(channel: Channel) -> Self {
        Self {
            inner: evidence::open_log(channel),
        }
    }

    /// Returns the next bytes, at most [`CHUNK`]; `None` when the output has ended.
    pub fn chunk(&self) -> Option<Vec<u8>> {
        let bytes = self.inner.read(CHUNK);
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Returns an iterator over [`Log::chunk`].
    pub fn chunks(&self) -> impl Iterator<Item = Vec<u8>> {
        std::iter::from_fn(|| self.chunk())
    }

    /// Calls `each` with every line to the end of the output. Memory stays bounded: of a longer
    /// line only the first [`crate::LINE_LIMIT`] bytes are kept.
    pub fn each_line(&self, mut each: impl FnMut(Line<'_>)) {
        let mut splitter = LineSplitter::new();
        while let Some(bytes) = self.chunk() {
            splitter.feed(&bytes, &mut each);
        }
        splitter.finish(&mut each);
    }

    /// Returns the host's handle, for `lines`, `tail` and `search`.
    pub fn handle(&self) -> &evidence::Log {
        &self.inner
    }
}
