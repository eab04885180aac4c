//! The command line: one file a command. The only room that turns errors into text.
