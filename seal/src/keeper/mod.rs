//! The keeper: moves what the suite writes into the spool, and serves the spool.
//!
//! One thread, one poll loop, nothing that waits for another: a slow reader is not waited for, a full spool or
//! disk slows the suite by its own full pipe.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use tribunal_seal::wire::{End, Kind, Stream};

use crate::lock;
use crate::signals::Signals;

mod client;
mod ending;
mod recover;
mod segment;
mod spool;
mod streams;

#[cfg(test)]
mod tests;

use client::{Client, Wish};
use spool::Spool;
use streams::{Fifo, Got};

/// The socket in the folder.
pub(crate) const SOCKET: &str = "keeper.sock";

/// How long output is collected before it becomes a record: a thousand small writes cost one.
const COLLECT: Duration = Duration::from_millis(10);
/// How often the clock-driven part is looked after.
const TICK: Duration = Duration::from_millis(200);
/// Connections at once; more wait.
const CLIENTS: usize = 16;

/// What the keeper is told on its command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The folder that both containers share.
    pub(crate) folder: PathBuf,
    /// The TCP port on the loopback of the pod; 0 takes any and writes it to `port` in the folder.
    pub(crate) port: u16,
    /// What a runner must know.
    pub(crate) token: String,
    /// What the spool may have on disk, in bytes.
    pub(crate) limit: u64,
    /// How long after the end the spool is kept for a runner.
    pub(crate) hold: Duration,
}

/// Keeps until the runner is done.
///
/// # Errors
/// When the folder cannot be used, or the spool in it is damaged.
pub(crate) fn keep(options: &Options, signals: &Signals) -> io::Result<()> {
    let mut keeper = Keeper::new(options)?;
    while !keeper.may_leave(signals) {
        keeper.turn(signals)?;
    }
    Ok(())
}

/// All that the keeper has.
struct Keeper<'a> {
    options: &'a Options,
    spool: Spool,
    fifos: [Fifo; 2],
    local: UnixListener,
    remote: TcpListener,
    clients: Vec<Client>,
    /// Output is not looked at before.
    collect_until: Option<Instant>,
    /// Why output is not read now, in words; empty when it is.
    trouble: String,
    /// How the end is going.
    ending: ending::Ending,
    last_tick: Instant,
}

impl<'a> Keeper<'a> {
    fn new(options: &'a Options) -> io::Result<Self> {
        let folder: &Path = &options.folder;
        let unusable = |error: io::Error| {
            let what = format!("the folder {} cannot be used", folder.display());
            said(&what, &error)
        };
        let fifos = [
            Fifo::open(folder, Stream::Stdout).map_err(unusable)?,
            Fifo::open(folder, Stream::Stderr).map_err(unusable)?,
        ];
        let (mut spool, continued) = Spool::open(folder, options.limit).map_err(unusable)?;
        if continued {
            take_over(&mut spool)?;
        }
        let socket = folder.join(SOCKET);
        std::fs::remove_file(&socket).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let port = options.port;
        let remote = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|error| said(&format!("127.0.0.1:{port} cannot be listened on"), &error))?;
        remote.set_nonblocking(true)?;
        if options.port == 0 {
            let port = remote.local_addr()?.port();
            std::fs::write(folder.join("port"), port.to_string())?;
        }
        let local = UnixListener::bind(&socket)?;
        local.set_nonblocking(true)?;
        // The suite may run as another user.
        rustix::fs::chmod(&socket, rustix::fs::Mode::from_raw_mode(0o666))?;
        Ok(Self {
            ending: ending::Ending::new(folder, &spool),
            options,
            spool,
            fifos,
            local,
            remote,
            clients: Vec::new(),
            collect_until: None,
            trouble: String::new(),
            last_tick: Instant::now(),
        })
    }

    /// Waits for something to happen, and does what it asks for.
    fn turn(&mut self, signals: &Signals) -> io::Result<()> {
        let now = Instant::now();
        let mut until = self.last_tick + TICK;
        let collecting = self.collect_until.is_some_and(|at| at > now);
        if collecting && let Some(at) = self.collect_until {
            until = until.min(at);
        }
        let streaming = self.spool.state.begun && !self.spool.state.closed;
        let takes_output = streaming && !collecting && self.trouble.is_empty();
        let ready = self.wait(signals, takes_output, until.saturating_duration_since(now));
        signals.clear();
        for (index, ready) in ready.fifos.into_iter().enumerate() {
            if ready {
                self.read(index)?;
            }
        }
        if ready.news {
            self.accept();
        }
        let tick = self.last_tick.elapsed() >= TICK;
        if tick {
            self.last_tick = Instant::now();
            if !self.trouble.is_empty() && streaming {
                // Perhaps there is room by now.
                self.trouble.clear();
                self.read(0)?;
                self.read(1)?;
            }
        }
        self.serve(&ready.clients, tick);
        self.look_at_the_end(tick)
    }

    fn wait(&self, signals: &Signals, reads: bool, timeout: Duration) -> Ready {
        let mut polled = vec![
            PollFd::from_borrowed_fd(signals.fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.local.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.remote.as_fd(), PollFlags::IN),
        ];
        let listeners = polled.len();
        for client in &self.clients {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, client.listens());
            flags.set(PollFlags::OUT, client.has_news(&self.spool));
            polled.push(PollFd::from_borrowed_fd(client.fd(), flags));
        }
        let open: Vec<usize> = (0..2)
            .filter(|index| reads && !self.fifos[*index].at_end)
            .collect();
        for index in &open {
            polled.push(PollFd::from_borrowed_fd(
                self.fifos[*index].fd(),
                PollFlags::IN,
            ));
        }
        let timeout = Timespec::try_from(timeout).ok();
        // Interrupted, or out of kernel memory: the next turn looks again.
        if rustix::event::poll(&mut polled, timeout.as_ref()).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let happened: Vec<PollFlags> = polled.iter().map(PollFd::revents).collect();
        let (news, rest) = happened.split_at(listeners);
        let (clients, readable) = rest.split_at(self.clients.len());
        let mut fifos = [false; 2];
        for (index, flags) in open.iter().zip(readable) {
            fifos[*index] = !flags.is_empty();
        }
        Ready {
            news: news.iter().skip(1).any(|flags| !flags.is_empty()),
            clients: clients.to_vec(),
            fifos,
        }
    }

    fn read(&mut self, index: usize) -> io::Result<()> {
        if self.fifos[index].at_end {
            return Ok(());
        }
        match self.fifos[index].read(&mut self.spool)? {
            Got::Nothing | Got::End | Got::Some { much: true } => {}
            Got::Some { much: false } => self.collect_until = Some(Instant::now() + COLLECT),
            Got::NoRoom => {
                "the spool is full of what the runner has not acknowledged: the suite waits"
                    .clone_into(&mut self.trouble);
            }
            Got::DiskFull => {
                "the disk of the spool is full: the suite waits".clone_into(&mut self.trouble);
                self.ending.disk_was_full = true;
                self.spool.release()?;
            }
        }
        Ok(())
    }

    fn accept(&mut self) {
        while self.clients.len() < CLIENTS {
            // An error concerns one connection that is gone already.
            let (socket, is_seal) = if let Ok((socket, _)) = self.local.accept() {
                (socket.set_nonblocking(true).map(|()| socket.into()), true)
            } else if let Ok((socket, _)) = self.remote.accept() {
                socket.set_nodelay(true).ok();
                (socket.set_nonblocking(true).map(|()| socket.into()), false)
            } else {
                return;
            };
            if let Ok(socket) = socket {
                self.clients.push(Client::new(socket, is_seal));
            }
        }
    }

    /// Hears what connections ask, and sends them what there is.
    fn serve(&mut self, ready: &[PollFlags], tick: bool) {
        let mut wishes = Vec::new();
        let closed = self.ending.closed.clone();
        let mut clients = std::mem::take(&mut self.clients);
        let mut index = 0;
        clients.retain_mut(|client| {
            let ready = ready.get(index).copied().unwrap_or(PollFlags::empty());
            index += 1;
            let token = &self.options.token;
            let spool = &mut self.spool;
            let gone = ready.intersects(PollFlags::HUP | PollFlags::ERR);
            let heard = if !client.listens() {
                // Whoever is gone while a telling waits for room tells it again.
                if gone {
                    return false;
                }
                client.obey(spool, token, &mut wishes)
            } else if ready.is_empty() {
                Ok(())
            } else {
                client.hear(spool, token, &mut wishes)
            };
            if client.is_runner() && ready.contains(PollFlags::IN) {
                self.ending.runner_at = Instant::now();
            }
            if tick || closed.is_some() {
                client.inform(spool, closed.as_deref(), &self.trouble);
            }
            let goes_on = heard.and_then(|()| client.send(spool)).is_ok();
            if let Some(offset) = client.logged() {
                spool.logged(offset);
            }
            goes_on
        });
        self.clients = clients;
        for wish in wishes {
            match wish {
                Wish::Ack(offset) => {
                    self.spool.acked = self.spool.acked.max(offset.min(self.spool.end()));
                }
                Wish::Done => self.ending.be_done(&self.options.folder),
                Wish::Cut { at_once } => self.cut(at_once),
                Wish::Finish => self.ending.finish_asked = true,
            }
        }
    }
}

/// What happened.
struct Ready {
    news: bool,
    clients: Vec<PollFlags>,
    fifos: [bool; 2],
}

/// The same error with what it is about.
fn said(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Goes on where another keeper was ended, and says what that cost.
fn take_over(spool: &mut Spool) -> io::Result<()> {
    let open = spool.state.begun && !spool.state.closed && spool.finished.is_none();
    if open && spool.copying {
        let reason = "the keeper was ended while it copied, on a file system that cannot move";
        for stream in Stream::BOTH {
            spool.lose(stream, reason)?;
        }
    }
    if open && !lock::is_held(&spool.folder) {
        let reason =
            "keeper and main container were gone at once, and with them what was in the pipe";
        for stream in Stream::BOTH {
            spool.lose(stream, reason)?;
        }
        if spool.state.ended.is_none() {
            spool.append(Kind::Ended, 0, End::Vanished.text().as_bytes())?;
        }
    }
    if spool.finished.is_none() {
        spool.append(
            Kind::Note,
            0,
            b"the keeper was ended, and started again here",
        )?;
    }
    Ok(())
}
