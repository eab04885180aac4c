//! What a request is for.

use http::{Method, Request};

/// The requests that tribunal makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A log, followed.
    Follow,
    /// A log as it is.
    ReadLog,
    WatchJobs,
    WatchPods,
    /// Jobs or pods, or one of them.
    Read,
    Events,
    Create,
    Patch,
    Delete,
    /// The server's version, what one may do.
    About,
    Other,
}

impl Kind {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let pods = path.contains("/pods");
        let jobs = path.contains("/jobs");
        match *request.method() {
            _ if path.starts_with("/version") || path.contains("selfsubject") => Self::About,
            Method::GET if path.ends_with("/log") && query.contains("follow=true") => Self::Follow,
            Method::GET if path.ends_with("/log") => Self::ReadLog,
            Method::GET if query.contains("watch=true") && pods => Self::WatchPods,
            Method::GET if query.contains("watch=true") && jobs => Self::WatchJobs,
            Method::GET if path.ends_with("/events") => Self::Events,
            Method::GET if (pods || jobs) && !path.contains("portforward") => Self::Read,
            Method::POST if jobs => Self::Create,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            _ => Self::Other,
        }
    }

    /// Whether it is asked once for a whole run rather than for a suite.
    pub(crate) fn is_of_the_run(self) -> bool {
        matches!(self, Self::WatchJobs | Self::WatchPods | Self::About)
    }

    /// Whether its body is long.
    pub(crate) fn is_stream(self) -> bool {
        matches!(
            self,
            Self::Follow | Self::ReadLog | Self::WatchJobs | Self::WatchPods
        )
    }

    /// Whether its body is a list of events.
    pub(crate) fn is_watch(self) -> bool {
        matches!(self, Self::WatchJobs | Self::WatchPods)
    }
}
