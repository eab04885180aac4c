//! Reads one container's log to its end.
