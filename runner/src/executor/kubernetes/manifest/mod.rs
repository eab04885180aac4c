//! The Job of an attempt; pure.
