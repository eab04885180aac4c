//! The time of day, as records have it.

use std::time::SystemTime;

/// Nanoseconds since 1970; 0 when the clock stands before that.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}
