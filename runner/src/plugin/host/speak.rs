//! The interface `host`: what a judge says before it answers.

use wasmtime::Result;

use super::super::clean;
use super::super::convert::{case_in, case_size};
use super::super::limits::{MAX_CASE_BYTES, MAX_CASES, MAX_MESSAGES, human_bytes};
use super::State;
use super::bind::tribunal::judge::host::{Host, Level};
use super::bind::tribunal::judge::types::TestCase;
use crate::judge::Notice;

/// Bytes of one message.
const MAX_MESSAGE: usize = 8 << 10;

impl Host for State {
    fn report_case(&mut self, case: TestCase) -> Result<()> {
        let case = case_in(case);
        let Some(subject) = &mut self.subject else {
            return Ok(());
        };
        let tally = &mut subject.tally;
        tally.cases += 1;
        tally.case_bytes += case_size(&case);
        tally.note(&case.id, case.status);
        if tally.cases > MAX_CASES {
            return Err(self.limiter.exceed("case", "200,000").into());
        }
        if tally.case_bytes > MAX_CASE_BYTES {
            let limit = human_bytes(MAX_CASE_BYTES);
            return Err(self.limiter.exceed("case text", limit).into());
        }
        subject.cases.push(case);
        Ok(())
    }

    fn progress(&mut self, done: u32, total: Option<u32>) -> Result<()> {
        if let Some(subject) = &mut self.subject {
            subject.progress = Some((done, total));
        }
        Ok(())
    }

    async fn log(&mut self, level: Level, message: String) -> Result<()> {
        let Some(subject) = &mut self.subject else {
            return Ok(());
        };
        subject.tally.messages = subject.tally.messages.saturating_add(1);
        let (level, message) = match subject.tally.messages {
            ..=MAX_MESSAGES => (word(level), clean::text(&message, MAX_MESSAGE)),
            n if n == MAX_MESSAGES + 1 => {
                let note =
                    format!("the judge's further messages are dropped: {MAX_MESSAGES} are kept");
                ("warn", note)
            }
            _ => return Ok(()),
        };
        let notices = subject.notices.clone();
        // In the order in which it was said.
        self.pass_on().await;
        drop(notices.send(Notice::Log { level, message }).await);
        Ok(())
    }

    async fn stderr(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.stderr.append(&bytes);
        Ok(())
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}
