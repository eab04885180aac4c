//! The interface `evidence`: how an attempt ended and what it left.

use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::convert;
use super::super::limits::MAX_OPEN;
use super::bind::tribunal::judge::evidence::{Channel, Condition, Container, Host};
use super::bind::tribunal::judge::types::{Capture, EndState};
use super::{OpenArtifact, OpenLog, State, Subject};
use crate::capture::{self, Stream};
use crate::judge::Ended;
use crate::model::{self, Termination};

impl Subject {
    /// Waits until it is known how the attempt ended.
    pub(in super::super) async fn ended_at_last(&mut self) -> Arc<Ended> {
        if let Some(ended) = &self.ended {
            return Arc::clone(ended);
        }
        let known = match self.evidence.ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone(),
            Err(_) => None,
        };
        let ended = match known {
            Some(ended) => ended,
            // The sender is gone: nobody will ever know.
            None => Arc::new(Ended {
                termination: Termination::new(model::EndState::Lost {
                    reason: "the executor gave no account of it".to_owned(),
                }),
                capture: self.evidence.capture.ended().await,
                artifacts: Vec::new(),
            }),
        };
        self.ended = Some(Arc::clone(&ended));
        ended
    }
}

impl State {
    async fn ended_at_last(&mut self) -> Result<Arc<Ended>> {
        self.pass_on().await;
        Ok(self.subject()?.ended_at_last().await)
    }

    /// Counts one more open log or artifact.
    pub(super) fn open_one(&mut self) -> Result<()> {
        let tally = &mut self.subject()?.tally;
        if tally.open >= MAX_OPEN {
            return Err(self
                .limiter
                .exceed("open file", MAX_OPEN.to_string())
                .into());
        }
        tally.open += 1;
        Ok(())
    }

    /// Counts one open log or artifact less.
    pub(super) fn close_one(&mut self) {
        if let Some(subject) = &mut self.subject {
            subject.tally.open = subject.tally.open.saturating_sub(1);
        }
    }
}

impl Host for State {
    async fn open_log(&mut self, channel: Channel) -> Result<Resource<OpenLog>> {
        self.open_one()?;
        let channel = match channel {
            Channel::Stdout => capture::Channel::Only(Stream::Stdout),
            Channel::Stderr => capture::Channel::Only(Stream::Stderr),
            Channel::Combined => capture::Channel::Combined,
        };
        let reader = self.subject()?.evidence.capture.reader(channel);
        Ok(self.table.push(OpenLog::new(reader))?)
    }

    async fn artifacts(&mut self, glob: String) -> Result<Vec<Resource<OpenArtifact>>> {
        let matcher = OpenArtifact::matcher(&glob)?;
        let ended = self.ended_at_last().await?;
        OpenArtifact::matching(&ended, &matcher)
            .map(|artifact| Ok(self.table.push(artifact)?))
            .collect()
    }

    async fn ended(&mut self) -> Result<EndState> {
        let ended = self.ended_at_last().await?;
        Ok(convert::end_out(&ended.termination.end))
    }

    async fn duration_ms(&mut self) -> Result<f64> {
        let ended = self.ended_at_last().await?;
        Ok(convert::number(ended.termination.duration_ms))
    }

    async fn containers(&mut self) -> Result<Vec<Container>> {
        let ended = self.ended_at_last().await?;
        let containers = &ended.termination.containers;
        Ok(containers.iter().map(convert::container_out).collect())
    }

    async fn conditions(&mut self) -> Result<Vec<Condition>> {
        let ended = self.ended_at_last().await?;
        let conditions = &ended.termination.conditions;
        Ok(conditions.iter().map(convert::condition_out).collect())
    }

    async fn capture(&mut self) -> Result<Capture> {
        let ended = self.ended_at_last().await?;
        Ok(convert::capture_out(&ended.capture))
    }
}
