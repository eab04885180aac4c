//! Signals to tribunal itself: the first asks, the second kills, the third leaves.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::model::ExitStatus;

/// SIGINT, SIGTERM and SIGHUP as one stream.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// A signal that cancels a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its number.
    pub number: i32,
    /// Its name.
    pub name: &'static str,
}

impl Signals {
    /// Begins to listen; from here on these signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Received {
        let (kind, name) = tokio::select! {
            _ = self.interrupt.recv() => (SignalKind::interrupt(), "SIGINT"),
            _ = self.terminate.recv() => (SignalKind::terminate(), "SIGTERM"),
            _ = self.hangup.recv() => (SignalKind::hangup(), "SIGHUP"),
        };
        Received {
            number: kind.as_raw_value(),
            name,
        }
    }
}

/// A way out for the time when all suites have ended and only reports are still to be delivered: their readers may
/// never read. The first signal is let pass, as one that came a moment too late; the second ends the process, with
/// the exit code of a run that the signal cancelled.
#[derive(Debug)]
pub struct WayOut(Vec<SigId>);

impl WayOut {
    /// Opens it, until it is dropped. Where somebody is `impatient` already, the next signal is the second.
    pub fn open(impatient: bool) -> Self {
        let once = Arc::new(AtomicBool::new(impatient));
        let mut ids = Vec::new();
        for (number, status) in [
            (SIGINT, ExitStatus::Interrupted),
            (SIGTERM, ExitStatus::Terminated),
            (SIGHUP, ExitStatus::Interrupted),
        ] {
            // In this order: the first signal finds it not set yet.
            ids.extend(signal_hook::flag::register_conditional_shutdown(
                number,
                status as i32,
                Arc::clone(&once),
            ));
            ids.extend(signal_hook::flag::register(number, Arc::clone(&once)));
        }
        Self(ids)
    }
}

impl Drop for WayOut {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// The next signal; never, where nobody sends any.
pub(super) async fn next(signals: &mut Option<Signals>) -> Received {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}
