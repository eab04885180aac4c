//! Artifacts: what is collected, what is left, and that it is said.

use std::fs;

use tribunal_seal::wire::{Kind, Proof};

use crate::support::Pod;

#[test]
fn files_are_collected_with_their_bytes_and_links_are_not() {
    let pod = Pod::new();
    fs::write(pod.work.join("old.xml"), "old").expect("written");
    let old = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
    let file = fs::File::open(pod.work.join("old.xml")).expect("open");
    file.set_modified(old).expect("set");
    let script = "mkdir -p out/deep .git; echo '<x/>' > out/a.xml; echo deep > out/deep/b.xml; : > out/empty.xml;
        ln -s /etc/passwd out/link.xml; mkfifo out/pipe.xml; echo no > .git/c.xml; head -c 300000 /dev/zero > out/big.bin";
    let options = [
        "--artifact",
        "**/*.xml",
        "--artifact",
        "out/*.bin",
        "--artifact",
        "../x",
    ];
    let mut seal = pod.seal(&options, &["sh", "-c", script]);
    let seen = pod.follow();
    assert_eq!(seal.wait().code(), Some(0));
    assert_eq!(seen.proof, Some(Proof::Proven));
    let names: Vec<&str> = seen.files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "out/a.xml",
            "out/big.bin",
            "out/deep/b.xml",
            "out/empty.xml"
        ]
    );
    assert_eq!(seen.files["out/a.xml"], b"<x/>\n");
    assert_eq!(seen.files["out/big.bin"], vec![0; 300_000]);
    assert_eq!(seen.summary().files, 4);
    let left = seen.text(Kind::Left).join("\n");
    for words in [
        "`out/link.xml` was not collected: it is a link",
        "`out/pipe.xml` was not collected: it is not a regular file",
        "`old.xml` is older than this attempt",
        "artifacts `../x`: only paths below the working directory",
    ] {
        assert!(left.contains(words), "{left}");
    }
}

#[test]
fn too_many_and_too_large_are_left_and_said() {
    let pod = Pod::new();
    let script = "for i in 1 2 3 4 5; do echo $i > $i.txt; done; head -c 2000000 /dev/zero > 0.txt";
    let options = [
        "--artifact",
        "*.txt",
        "--artifact-limits",
        "3:1048576:2097152",
    ];
    let mut seal = pod.seal(&options, &["sh", "-c", script]);
    let seen = pod.follow();
    seal.wait();
    let names: Vec<&str> = seen.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["1.txt", "2.txt", "3.txt"]);
    let left = seen.text(Kind::Left).join("\n");
    assert!(
        left.contains("`0.txt` was not collected: it is larger than 1 MiB"),
        "{left}"
    );
    assert!(
        left.contains("`4.txt` and what follows it was not collected: there are more than 3 files"),
        "{left}"
    );
}

#[test]
fn artifacts_larger_than_the_spool_arrive() {
    let mut pod = Pod::with(1 << 20, 300.0);
    let script = "head -c 5000000 /dev/urandom > big; cp big big.copy";
    let mut seal = pod.seal(&["--artifact", "big*"], &["sh", "-c", script]);
    let mut reader = crate::support::Reader::default();
    // In the midst of it the keeper is killed.
    reader.follow(&pod, |_, brought| brought < 3_000_000);
    pod.kill_keeper();
    pod.start_keeper();
    reader.follow(&pod, |_, _| true);
    assert_eq!(seal.wait().code(), Some(0));
    let seen = reader.seen;
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(
        seen.files["big"],
        fs::read(pod.work.join("big")).expect("read")
    );
    assert_eq!(seen.files["big"], seen.files["big.copy"]);
}
