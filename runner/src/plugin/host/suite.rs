//! The interface `suite`: facts known from the start.

use wasmtime::Result;

use super::super::convert::labels_out;
use super::State;
use super::bind::tribunal::judge::suite::Host;
use super::bind::tribunal::judge::types::Label;

impl Host for State {
    async fn pipeline(&mut self) -> Result<String> {
        Ok(self.subject()?.evidence.facts.pipeline.clone())
    }

    async fn name(&mut self) -> Result<String> {
        Ok(self.subject()?.evidence.facts.suite.clone())
    }

    async fn attempt(&mut self) -> Result<u32> {
        Ok(self.subject()?.evidence.facts.attempt)
    }

    async fn executor(&mut self) -> Result<String> {
        Ok(self.subject()?.evidence.facts.executor.clone())
    }

    async fn command(&mut self) -> Result<Vec<String>> {
        Ok(self.subject()?.evidence.facts.command.clone())
    }

    async fn labels(&mut self) -> Result<Vec<Label>> {
        Ok(labels_out(&self.subject()?.evidence.facts.labels))
    }

    async fn config_json(&mut self) -> Result<String> {
        let config = &self.subject()?.evidence.facts.config_json;
        Ok(if config.is_empty() {
            "{}".to_owned()
        } else {
            config.clone()
        })
    }
}
