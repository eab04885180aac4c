//! The resource `artifact`: files that an attempt left.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use globset::{GlobBuilder, GlobMatcher};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::convert::number;
use super::super::limits::{MAX_ARTIFACTS, MAX_READ};
use super::bind::tribunal::judge::evidence::HostArtifact;
use super::{HostFault, Misuse, State};
use crate::judge::{Artifact, Ended};

/// An artifact that a judge holds; its file is open from the first read to the end.
#[expect(unreachable_pub, reason = "the generated contract re-exports it")]
#[derive(Debug)]
pub struct OpenArtifact {
    name: String,
    path: PathBuf,
    size: u64,
    reading: Reading,
}

#[derive(Debug)]
enum Reading {
    NotYet,
    Open(File),
    Ended,
}

impl OpenArtifact {
    /// Reads a glob: `*` and `?` do not cross `/`, `**` does.
    pub(super) fn matcher(glob: &str) -> Result<GlobMatcher> {
        let built = GlobBuilder::new(glob).literal_separator(true).build();
        let built = built
            .map_err(|error| Misuse(format!("artifacts(…) was called with a bad glob: {error}")))?;
        Ok(built.compile_matcher())
    }

    /// The artifacts that match, as many as one call may return.
    pub(super) fn matching(ended: &Ended, matcher: &GlobMatcher) -> impl Iterator<Item = Self> {
        ended
            .artifacts
            .iter()
            .filter(|artifact| matcher.is_match(&artifact.name))
            .take(MAX_ARTIFACTS)
            .map(Self::from)
    }

    /// The next bytes; the file must be open. Empty at the end.
    fn next(&mut self, max: usize) -> Result<Vec<u8>> {
        let Reading::Open(file) = &mut self.reading else {
            return Ok(Vec::new());
        };
        let mut bytes = Vec::with_capacity(max);
        let read = file.take(max as u64).read_to_end(&mut bytes);
        read.map_err(|error| self.fault(&error))?;
        Ok(bytes)
    }

    fn fault(&self, error: &std::io::Error) -> HostFault {
        HostFault(format!(
            "the artifact {} could not be read: {error}",
            self.name
        ))
    }
}

impl From<&Artifact> for OpenArtifact {
    fn from(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.clone(),
            path: artifact.path.clone(),
            size: artifact.size,
            reading: Reading::NotYet,
        }
    }
}

impl HostArtifact for State {
    async fn name(&mut self, artifact: Resource<OpenArtifact>) -> Result<String> {
        Ok(self.table.get(&artifact)?.name.clone())
    }

    async fn size(&mut self, artifact: Resource<OpenArtifact>) -> Result<f64> {
        Ok(number(self.table.get(&artifact)?.size))
    }

    async fn read(&mut self, artifact: Resource<OpenArtifact>, max: u32) -> Result<Vec<u8>> {
        if matches!(self.table.get(&artifact)?.reading, Reading::NotYet) {
            self.open_one()?;
            let held = self.table.get_mut(&artifact)?;
            let file = File::open(&held.path).map_err(|error| held.fault(&error))?;
            held.reading = Reading::Open(file);
        }
        let held = self.table.get_mut(&artifact)?;
        let bytes = held.next((max as usize).clamp(1, MAX_READ))?;
        if bytes.is_empty() && matches!(held.reading, Reading::Open(_)) {
            held.reading = Reading::Ended;
            self.close_one();
        }
        Ok(bytes)
    }

    async fn drop(&mut self, artifact: Resource<OpenArtifact>) -> Result<()> {
        if let Reading::Open(_) = self.table.delete(artifact)?.reading {
            self.close_one();
        }
        Ok(())
    }
}
