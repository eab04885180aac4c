//! What a judgement may use, and which limit it ran over.

use wasmtime::ResourceLimiter;

use crate::judge::JudgeError;

/// Cases that may be reported in a judgement.
pub(super) const MAX_CASES: u32 = 200_000;
/// Bytes of text in all cases of a judgement together.
pub(super) const MAX_CASE_BYTES: u64 = 256 << 20;
/// Messages that are kept of a judgement.
pub(super) const MAX_MESSAGES: u32 = 1_000;
/// Bytes that are kept of what a judge writes to stderr and stdout.
pub(super) const MAX_STDERR: usize = 64 << 10;
/// Logs and artifacts that may be open at once.
pub(super) const MAX_OPEN: u32 = 64;
/// Artifacts that one call returns.
pub(super) const MAX_ARTIFACTS: usize = 1_000;
/// Handles of all kinds that may exist at once.
pub(super) const MAX_HANDLES: usize = 4_096;
/// Bytes that one read returns.
pub(super) const MAX_READ: usize = 64 << 10;
/// Bytes that one call may copy out of a judge.
pub(super) const MAX_CALL_BYTES: usize = 4 << 20;
/// Bytes of a judge's file.
pub(super) const MAX_FILE: u64 = 64 << 20;
/// componentize-py needs 38 and more.
const MAX_INSTANCES: usize = 256;
const MAX_MEMORIES: usize = 64;
const MAX_TABLES: usize = 256;
const MAX_TABLE_ELEMENTS: usize = 500_000;

/// A limit that a judgement ran over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} limit of {limit}")]
pub(super) struct Breach {
    /// Of what.
    pub(super) what: &'static str,
    /// How much, for people.
    pub(super) limit: String,
}

impl From<Breach> for JudgeError {
    fn from(breach: Breach) -> Self {
        Self::Limit {
            what: breach.what.to_owned(),
            limit: breach.limit,
        }
    }
}

/// Watches what wasmtime allocates for one judgement.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_limit: u64,
    /// Bytes of all linear memories together.
    memory: u64,
    table_elements: usize,
    /// The first limit that was run over, whatever became of the error afterwards.
    breach: Option<Breach>,
}

impl Limiter {
    pub(super) fn new(memory_limit: u64) -> Self {
        Self {
            memory_limit,
            memory: 0,
            table_elements: 0,
            breach: None,
        }
    }

    /// Notes that a limit was run over, and returns the error that ends the judgement.
    pub(super) fn exceed(&mut self, what: &'static str, limit: impl Into<String>) -> Breach {
        let limit = limit.into();
        self.breach.get_or_insert(Breach { what, limit }).clone()
    }

    /// Bytes of all linear memories; they only grow, so this is the peak.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// The limit that was run over.
    pub(super) fn breach(&self) -> Option<&Breach> {
        self.breach.as_ref()
    }
}

impl ResourceLimiter for Limiter {
    // An error, not a refused growth: the judge would abort with a text that names no limit.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory + desired.saturating_sub(current) as u64;
        if total > self.memory_limit {
            return Err(self.exceed("memory", human_bytes(self.memory_limit)).into());
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.table_elements + desired.saturating_sub(current);
        if total > MAX_TABLE_ELEMENTS {
            return Err(self
                .exceed("table", format!("{MAX_TABLE_ELEMENTS} elements"))
                .into());
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

/// Bytes for people: `256 MiB`, `1.5 GiB`, `100 bytes`.
pub(super) fn human_bytes(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        let (whole, tenth) = (bytes >> shift, (bytes % (1 << shift) * 10) >> shift);
        match (whole, tenth) {
            (0, _) => {}
            (_, 0) => return format!("{whole} {unit}"),
            _ => return format!("{whole}.{tenth} {unit}"),
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_over_all_memories() {
        let mut limiter = Limiter::new(256 << 20);
        assert!(limiter.memory_growing(0, 200 << 20, None).expect("room"));
        assert!(limiter.memory_growing(0, 56 << 20, None).expect("room"));
        let error = limiter.memory_growing(0, 1, None).expect_err("full");
        assert_eq!(error.to_string(), "memory limit of 256 MiB");
        assert_eq!(limiter.breach().map(|breach| breach.what), Some("memory"));
    }

    #[test]
    fn bytes_read_like_a_person_would_write_them() {
        let cases = [(0, "0 bytes"), (100, "100 bytes"), (1 << 20, "1 MiB")];
        for (bytes, text) in cases {
            assert_eq!(human_bytes(bytes), text);
        }
        assert_eq!(human_bytes(3 << 29), "1.5 GiB");
    }
}
