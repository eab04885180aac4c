//! The last word about a suite: how it ended and what it wrote, in one line.
//!
//! The line is the payload of the spool's last record and the pod's termination message:
//! `tribunal-seal/1 end=exit:0 stdout=12:whole:<sha256> stderr=0:whole:<sha256> files=0 spool=424`, then
//! perhaps ` note=` and words to the end of the line.

use std::fmt::Write as _;

use super::Stream;
use super::digest::{DIGEST, hex, unhex};

/// How the suite's program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// It could not be started: the code a shell would give (126 or 127). Why is in a note.
    NotStarted(i32),
    /// Nobody said: the main container was gone all at once, as in an out-of-memory kill of the whole group.
    Vanished,
    /// It never began, and will not.
    NeverBegun,
}

impl End {
    /// `exit:0`, `signal:9`, `not-started:127`, `vanished` or `never-begun`.
    pub fn text(&self) -> String {
        match self {
            Self::Exited(code) => format!("exit:{code}"),
            Self::Signaled(signal) => format!("signal:{signal}"),
            Self::NotStarted(code) => format!("not-started:{code}"),
            Self::Vanished => "vanished".to_owned(),
            Self::NeverBegun => "never-begun".to_owned(),
        }
    }

    /// Reads what [`Self::text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "vanished" => Some(Self::Vanished),
            None if text == "never-begun" => Some(Self::NeverBegun),
            Some(("exit", code)) => code.parse().ok().map(Self::Exited),
            Some(("signal", signal)) => signal.parse().ok().map(Self::Signaled),
            Some(("not-started", code)) => code.parse().ok().map(Self::NotStarted),
            _ => None,
        }
    }
}

/// Whether a stream is all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Read to its end, nothing lost.
    Whole,
    /// All that was written while it was read; somebody still held it open.
    Cut,
    /// Bytes were lost, it cannot be known how many; a `Gap` record says where and why.
    Gap,
}

impl StreamState {
    const ALL: [Self; 3] = [Self::Whole, Self::Cut, Self::Gap];

    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Cut => "cut",
            Self::Gap => "gap",
        }
    }
}

/// What the keeper counted of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamTotal {
    /// Bytes.
    pub bytes: u64,
    /// Whether they are all.
    pub state: StreamState,
    /// SHA-256 of all of them.
    pub digest: [u8; DIGEST],
}

/// The last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How it ended.
    pub end: End,
    /// Standard output and standard error, by [`Stream::index`].
    pub streams: [StreamTotal; 2],
    /// Artifacts in the spool.
    pub files: u64,
    /// Where the last record begins in the spool: what was written up to it.
    pub spool: u64,
    /// What else is to be said; a sentence, may be empty.
    pub note: String,
}

impl Summary {
    const PREFIX: &str = "tribunal-seal/1";

    /// The total of one stream.
    pub fn stream(&self, stream: Stream) -> &StreamTotal {
        &self.streams[stream.index()]
    }

    /// The line, without an end of line. Never longer than 4,000 bytes.
    pub fn line(&self) -> String {
        let mut line = format!("{} end={}", Self::PREFIX, self.end.text());
        for stream in Stream::BOTH {
            let total = self.stream(stream);
            let (name, bytes, state) = (stream.name(), total.bytes, total.state.name());
            let digest = hex(&total.digest);
            // Writing into a string cannot fail.
            write!(line, " {name}={bytes}:{state}:{digest}").ok();
        }
        write!(line, " files={} spool={}", self.files, self.spool).ok();
        if !self.note.is_empty() {
            line += " note=";
            line.extend(self.note.chars().take(800).map(|c| match c {
                c if c.is_control() => ' ',
                c => c,
            }));
        }
        line
    }

    /// Reads what [`Self::line`] writes. Keys it does not know are passed over.
    pub fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix(Self::PREFIX)?.strip_prefix(' ')?;
        let (rest, note) = match rest.split_once(" note=") {
            Some((rest, note)) => (rest, note.trim_end().to_owned()),
            None => (rest.trim_end(), String::new()),
        };
        let value = |key: &str| {
            let mut words = rest.split(' ').filter_map(|word| word.split_once('='));
            words.find_map(|(name, value)| (name == key).then_some(value))
        };
        let total = |stream: Stream| {
            let mut parts = value(stream.name())?.splitn(3, ':');
            let bytes = parts.next()?.parse().ok()?;
            let state = parts.next()?;
            Some(StreamTotal {
                bytes,
                state: StreamState::ALL
                    .into_iter()
                    .find(|one| one.name() == state)?,
                digest: unhex(parts.next()?)?,
            })
        };
        Some(Self {
            end: End::parse(value("end")?)?,
            streams: [total(Stream::Stdout)?, total(Stream::Stderr)?],
            files: value("files")?.parse().ok()?,
            spool: value("spool")?.parse().ok()?,
            note,
        })
    }
}

/// What a pod's termination message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastWord {
    /// The suite ended and the keeper has everything: the very line of the spool's last record.
    Whole(Summary),
    /// The suite ended, and the keeper was lost before it had everything.
    Lost {
        /// How the suite ended.
        end: End,
        /// Why nothing more is known; a sentence.
        reason: String,
    },
    /// The suite was never started, because its output could not have been kept; a sentence.
    Failed(String),
}

impl LastWord {
    /// The line: a [`Summary::line`], `tribunal-seal/1 lost end=exit:0 …words`, or `tribunal-seal/1 failed …words`.
    pub fn line(&self) -> String {
        let line = match self {
            Self::Whole(summary) => return summary.line(),
            Self::Lost { end, reason } => {
                format!("{} lost end={} {reason}", Summary::PREFIX, end.text())
            }
            Self::Failed(reason) => format!("{} failed {reason}", Summary::PREFIX),
        };
        line.chars().filter(|c| !c.is_control()).take(900).collect()
    }

    /// Reads what [`Self::line`] writes; `None` for what no seal wrote.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if let Some(summary) = Summary::parse(line) {
            return Some(Self::Whole(summary));
        }
        let rest = line.strip_prefix(Summary::PREFIX)?.strip_prefix(' ')?;
        if let Some(reason) = rest.strip_prefix("failed ") {
            return Some(Self::Failed(reason.to_owned()));
        }
        let (end, reason) = rest.strip_prefix("lost end=")?.split_once(' ')?;
        Some(Self::Lost {
            end: End::parse(end)?,
            reason: reason.to_owned(),
        })
    }
}
