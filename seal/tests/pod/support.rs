//! A pod without a cluster: a folder, a keeper, a seal, and a runner that follows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tribunal_seal::wire::{
    DIGEST, Event, FLAG_RECOVERED, Follower, Hasher, Kind, LastWord, Proof, Record, Stream, Summary,
};

/// The program; another build of it, as the static one, with `TRIBUNAL_SEAL`.
fn program() -> Command {
    let other = std::env::var_os("TRIBUNAL_SEAL");
    Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_seal").into()))
}

/// The container's own output.
const LOGS: [&str; 2] = ["log.stdout", "log.stderr"];
/// Fails a test that hangs, long before a person would.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

pub(crate) struct Pod {
    /// The spool's folder.
    pub(crate) folder: PathBuf,
    /// The suite's working directory.
    pub(crate) work: PathBuf,
    pub(crate) keeper: Child,
    options: Vec<String>,
    _home: tempfile::TempDir,
}

impl Pod {
    pub(crate) fn new() -> Self {
        Self::with(64 << 20, 300.0)
    }

    pub(crate) fn with(limit: u64, hold: f64) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("spool");
        Self::at(home, folder, limit, hold)
    }

    pub(crate) fn at(home: tempfile::TempDir, folder: PathBuf, limit: u64, hold: f64) -> Self {
        let work = home.path().join("work");
        fs::create_dir_all(&folder).expect("a folder");
        fs::create_dir_all(&work).expect("a folder");
        let options = vec![format!("--spool-limit={limit}"), format!("--hold={hold}")];
        let keeper = start_keeper(&folder, &options);
        Self {
            folder,
            work,
            keeper,
            options,
            _home: home,
        }
    }

    /// What a runner must know.
    pub(crate) fn token(&self) -> String {
        self.folder.display().to_string()
    }

    pub(crate) fn kill_keeper(&mut self) {
        self.keeper.kill().expect("killed");
        self.keeper.wait().expect("reaped");
    }

    pub(crate) fn start_keeper(&mut self) {
        self.keeper = start_keeper(&self.folder, &self.options);
    }

    /// A suite under the seal, with these options before its command.
    pub(crate) fn seal(&self, options: &[&str], argv: &[&str]) -> Seal {
        let log = self.work.with_file_name(LOGS[0]);
        self.seal_into(options, argv, File::create(log).expect("a file").into())
    }

    /// The same, with another log for stdout.
    pub(crate) fn seal_into(&self, options: &[&str], argv: &[&str], log: OwnedFd) -> Seal {
        Seal::start(self, options, argv, log)
    }

    pub(crate) fn shell(&self, script: &str) -> Seal {
        self.seal(&[], &["sh", "-c", script])
    }

    pub(crate) fn connect(&self) -> std::io::Result<TcpStream> {
        let port = fs::read_to_string(self.folder.join("port"))?;
        let port = port.parse().map_err(std::io::Error::other)?;
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
    }

    /// Follows to the end of the spool, across keepers.
    pub(crate) fn follow(&self) -> Seen {
        let mut reader = Reader::default();
        reader.follow(self, |_, _| true);
        reader.seen
    }

    /// What the whole spool takes on disk.
    pub(crate) fn disk(&self) -> u64 {
        let entries = fs::read_dir(&self.folder).expect("a folder").flatten();
        let segments =
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("spool-"));
        segments
            .map(|segment| segment.metadata().map_or(0, |about| about.len()))
            .sum()
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.keeper.kill().ok();
        self.keeper.wait().ok();
    }
}

fn start_keeper(folder: &Path, options: &[String]) -> Child {
    let mut command = program();
    command.arg("keeper").arg("--spool").arg(folder);
    command.args(["--port", "0", "--token"]).arg(folder);
    for option in options {
        command.args(option.splitn(2, '='));
    }
    command.spawn().expect("the keeper starts")
}

/// A seal that runs, in a process group of its own, and its container's output.
pub(crate) struct Seal {
    pub(crate) child: Child,
    pub(crate) logs: [PathBuf; 2],
    message: PathBuf,
}

impl Seal {
    fn start(pod: &Pod, options: &[&str], argv: &[&str], log: OwnedFd) -> Self {
        let logs = LOGS.map(|name| pod.work.with_file_name(name));
        let message = pod.work.with_file_name("termination-log");
        let mut command = program();
        command.arg("run").arg("--spool").arg(&pod.folder);
        command.arg("--termination-log").arg(&message);
        command.args(options).arg("--").args(argv);
        command.current_dir(&pod.work).process_group(0);
        command.stdin(Stdio::null());
        command.stdout(log);
        command.stderr(File::create(&logs[1]).expect("a file"));
        let child = command.spawn().expect("the seal starts");
        Self {
            child,
            logs,
            message,
        }
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("waited") {
                return status;
            }
            assert!(Instant::now() < deadline, "the seal does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("sent");
    }

    /// Kills it and all its descendants, as the kernel does with a container.
    pub(crate) fn kill_all(&mut self) {
        let mut all = vec![self.pid()];
        rustix::process::kill_process(self.pid(), Signal::STOP).expect("stopped");
        let mut at = 0;
        while let Some(pid) = all.get(at).copied() {
            let pid = pid.as_raw_nonzero();
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            for child in children.unwrap_or_default().split_ascii_whitespace() {
                all.extend(child.parse().ok().and_then(Pid::from_raw));
            }
            at += 1;
        }
        for pid in all {
            rustix::process::kill_process(pid, Signal::KILL).ok();
        }
        self.child.wait().expect("reaped");
    }

    pub(crate) fn log(&self, stream: Stream) -> Vec<u8> {
        fs::read(&self.logs[stream.index()]).expect("the log")
    }

    pub(crate) fn last_word(&self) -> LastWord {
        let line = fs::read_to_string(&self.message).expect("a termination message");
        LastWord::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }
}

/// What a runner saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) hashers: [Hasher; 2],
    /// The streams, as far as they are small.
    pub(crate) bytes: [Vec<u8>; 2],
    pub(crate) texts: Vec<(Kind, String)>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) summary: Option<Summary>,
    pub(crate) proof: Option<Proof>,
    pub(crate) recovered: u32,
    file: Option<String>,
}

impl Seen {
    pub(crate) fn text(&self, kind: Kind) -> Vec<&str> {
        let all = self.texts.iter().filter(|(its, _)| *its == kind);
        all.map(|(_, text)| text.as_str()).collect()
    }

    pub(crate) fn stdout(&self) -> &[u8] {
        &self.bytes[0]
    }

    pub(crate) fn summary(&self) -> &Summary {
        self.summary.as_ref().expect("the last word")
    }

    fn take(&mut self, record: &Record<'_>) {
        self.recovered += u32::from(record.header.flags == FLAG_RECOVERED);
        match record.header.kind {
            Kind::Stdout | Kind::Stderr => {
                let stream = record.header.kind.stream().expect("a stream").index();
                self.hashers[stream].update(record.payload);
                if self.bytes[stream].len() < 8 << 20 {
                    self.bytes[stream].extend_from_slice(record.payload);
                }
            }
            Kind::File => {
                self.files.insert(record.text(), Vec::new());
                self.file = Some(record.text());
            }
            Kind::FileData => {
                let name = self.file.as_ref().expect("a file began");
                self.files
                    .get_mut(name)
                    .expect("it")
                    .extend_from_slice(record.payload);
            }
            Kind::FileEnd if record.payload.len() != DIGEST => {
                let name = self.file.take().expect("a file began");
                self.files.remove(&name);
            }
            kind => self.texts.push((kind, record.text())),
        }
    }
}

/// A runner.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) follower: Follower,
    pub(crate) seen: Seen,
}

impl Reader {
    /// Follows until the end, or until `go_on` says no; it is asked after every piece, with how many bytes
    /// this connection brought.
    pub(crate) fn follow(&mut self, pod: &Pod, mut go_on: impl FnMut(&Follower, usize) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while self.follower.proof().is_none() {
            assert!(Instant::now() < deadline, "the spool does not end");
            let Ok(mut socket) = pod.connect() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            socket.set_read_timeout(Some(PATIENCE)).expect("set");
            if socket
                .write_all(&self.follower.connect(&pod.token()))
                .is_err()
            {
                continue;
            }
            let mut buffer = vec![0; 64 << 10];
            let mut brought = 0;
            while self.follower.proof().is_none() {
                let Ok(count) = socket.read(&mut buffer) else {
                    break;
                };
                if count == 0 {
                    break;
                }
                brought += count;
                let seen = &mut self.seen;
                let mut refused = false;
                self.follower
                    .feed(&buffer[..count], &mut |event| match event {
                        Event::Record(record) => seen.take(&record),
                        // The port may be another pod's by now, when the keeper was ended.
                        Event::Refused(_) => refused = true,
                        _ => {}
                    })
                    .expect("nothing is broken");
                if refused {
                    break;
                }
                // The keeper may be gone by now.
                socket
                    .write_all(&Follower::ack(self.follower.offset()))
                    .ok();
                self.seen.summary = self.follower.summary().cloned();
                self.seen.proof = self.follower.proof();
                if !go_on(&self.follower, brought) {
                    return;
                }
            }
        }
    }
}

/// Tells the keeper that the runner has everything.
pub(crate) fn say_done(pod: &Pod) {
    let mut socket = pod.connect().expect("connected");
    let mut bytes = Follower::default().connect(&pod.token());
    bytes.extend_from_slice(&Follower::done());
    socket.write_all(&bytes).expect("sent");
    let mut follower = Follower::default();
    follower.connect("");
    let mut buffer = vec![0; 64 << 10];
    let mut bye = false;
    while !bye {
        let count = socket.read(&mut buffer).expect("an answer");
        assert!(count > 0, "closed before it said bye");
        let mut hand = |event: Event<'_>| bye |= event == Event::Bye;
        follower.feed(&buffer[..count], &mut hand).expect("frames");
    }
}

/// What `seq 1 last` writes.
pub(crate) fn seq(last: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 1..=last {
        writeln!(bytes, "{number}").expect("written");
    }
    bytes
}

pub(crate) fn digest(bytes: &[u8]) -> [u8; DIGEST] {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.digest()
}
