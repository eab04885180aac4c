//! A judge of the second tier that tries to reach what is outside of it, and passes when it reaches nothing.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

fn main() {
    let evidence = env::var("TRIBUNAL_EVIDENCE").expect("tribunal starts it");
    // Somebody really listens there.
    let (_, behind) = evidence
        .split_once("\"port\":")
        .expect("config = { port = … }");
    let port: String = behind.chars().take_while(char::is_ascii_digit).collect();
    let port: u16 = port.parse().expect("a port");
    let year_2025 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600);
    let begun = Instant::now();
    thread::sleep(Duration::from_secs(3_600));
    let tried = [
        ("a file", fs::read("/etc/passwd").is_ok()),
        (
            "a folder",
            fs::read_dir("/").is_ok() || fs::read_dir(".").is_ok(),
        ),
        (
            "a new file",
            fs::write("reached", "x").is_ok() || fs::write("/tmp/reached", "x").is_ok(),
        ),
        (
            "a connection",
            TcpStream::connect(("127.0.0.1", port)).is_ok(),
        ),
        ("a port", TcpListener::bind("127.0.0.1:0").is_ok()),
        ("a datagram", UdpSocket::bind("127.0.0.1:0").is_ok()),
        (
            "a name",
            "localhost:80"
                .to_socket_addrs()
                .is_ok_and(|mut found| found.next().is_some()),
        ),
        (
            "the environment",
            env::vars().any(|(key, _)| key != "TRIBUNAL_EVIDENCE" && key != "TZ"),
        ),
        ("the arguments", env::args().count() > 1),
        ("a thread", thread::Builder::new().spawn(|| ()).is_ok()),
        ("the clock", SystemTime::now() > year_2025),
        ("no sleep", begun.elapsed() < Duration::from_secs(3_600)),
    ];
    let reached: Vec<_> = tried
        .iter()
        .filter(|(_, found)| *found)
        .map(|(name, _)| *name)
        .collect();
    let status = if reached.is_empty() {
        "passed"
    } else {
        "failed"
    };
    // The same evidence gives the same random numbers.
    let random = RandomState::new().hash_one(1);
    let reached = reached.join(", ");
    println!(r#"{{"status":"{status}","summary":"reached: {reached}; random: {random}"}}"#);
}
