//! Full spools, full disks, slow readers: the suite is slowed, never cut.

use std::process::Command;
use std::time::Duration;

use tribunal_seal::wire::{Proof, Stream};

use crate::support::{Pod, Reader, digest, seq};

#[test]
fn a_full_spool_stops_the_suite_until_the_runner_has_it() {
    let pod = Pod::with(1 << 20, 300.0);
    let mut seal = pod.shell("seq 1 2000000; touch ended");
    // Nobody reads: the spool fills and the suite stands still.
    let mut last = 0;
    let mut still = 0;
    while still < 20 {
        std::thread::sleep(Duration::from_millis(25));
        let now = pod.disk();
        still = if now == last && now > 0 { still + 1 } else { 0 };
        last = now;
    }
    assert!(last <= 1 << 20, "{last} bytes on disk");
    assert!(last > 512 << 10, "{last} bytes on disk");
    assert!(!pod.work.join("ended").exists());
    let seen = pod.follow();
    assert_eq!(seen.hashers[0].digest(), digest(&seq(2_000_000)));
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(seal.wait().code(), Some(0));
    assert!(pod.disk() <= (1 << 20) + 4096);
}

#[test]
fn a_reader_that_never_acknowledges_takes_nothing_from_one_that_does() {
    let pod = Pod::with(1 << 20, 300.0);
    let mut seal = pod.shell("seq 1 500000");
    let mut reader = Reader::default();
    let mut pauses = 0;
    reader.follow(&pod, |_, _| {
        // Slow, too.
        pauses += 1;
        if pauses % 16 == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    });
    assert_eq!(reader.seen.hashers[0].digest(), digest(&seq(500_000)));
    assert_eq!(reader.seen.proof, Some(Proof::Proven));
    assert_eq!(seal.wait().code(), Some(0));
    // The log moves on, so it is waited for.
    assert_eq!(seal.log(Stream::Stdout), seq(500_000));
}

/// Takes a mount away again.
struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_is_waited_for_and_said() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("spool");
    std::fs::create_dir(&folder).expect("made");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
        .arg(&folder)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: only root may mount a small disk");
        return;
    }
    let _unmount = Unmount(folder.clone());
    let ballast = folder.join("ballast");
    // The spool may have more than the disk has.
    let pod = Pod::at(home, folder, 64 << 20, 300.0);
    std::fs::write(&ballast, vec![1; 2 << 20]).expect("fits");
    let mut seal = pod.shell("seq 1 1000000; touch ended");
    let mut last = 0;
    let mut still = 0;
    while still < 20 {
        std::thread::sleep(Duration::from_millis(25));
        let now = pod.disk();
        still = if now == last && now > 1_000_000 {
            still + 1
        } else {
            0
        };
        last = now;
    }
    assert!(!pod.work.join("ended").exists());
    std::fs::remove_file(&ballast).expect("removed");
    let seen = pod.follow();
    assert_eq!(seen.stdout(), seq(1_000_000));
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(seal.wait().code(), Some(0));
    assert!(
        seen.summary().note.contains("disk of the spool was full"),
        "{:?}",
        seen.summary()
    );
}

#[test]
fn a_log_that_takes_nothing_is_not_waited_for() {
    let pod = Pod::with(1 << 20, 300.0);
    // A pipe that nobody reads, as the log of a node that hangs.
    let (_reader, log) = std::io::pipe().expect("a pipe");
    let mut seal = pod.seal_into(&[], &["seq", "1", "500000"], log.into());
    let seen = pod.follow();
    assert_eq!(seen.hashers[0].digest(), digest(&seq(500_000)));
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(seal.wait().code(), Some(0));
}
