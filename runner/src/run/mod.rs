//! Running a plan: one dispatcher, one task a suite, one journal.
