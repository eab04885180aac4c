//! Archives that lie: none leaves anything behind.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::run::dir;

const ID: &str = "20261122-1532-7f3k";

fn intro(id: &str) -> Vec<u8> {
    let intro = json!({
        "version": dir::DIR_VERSION, "id": id, "pipeline": "p", "file": "/p/pipeline.toml",
        "started_at": "2026-11-22T15:32:00Z", "tribunal": "0", "pid": 1, "suites": 0,
    });
    intro.to_string().into_bytes()
}

fn member(path: &str, content: &[u8]) -> serde_json::Value {
    json!({ "path": path, "size": content.len(), "sha256": hex(&Sha256::digest(content)) })
}

fn manifest(id: &str, files: &[serde_json::Value]) -> Vec<u8> {
    let manifest = json!({ "version": 1, "run": id, "files": files });
    manifest.to_string().into_bytes()
}

/// An archive of these entries: type, name as it is, content.
fn packed(entries: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Not `set_path`: that refuses what is tried here.
        let field = &mut header.as_gnu_mut().expect("a GNU header").name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        if *kind == tar::EntryType::Symlink {
            header.set_link_name("/etc").expect("fits");
        }
        header.set_cksum();
        builder.append(&header, *content).expect("written");
    }
    let gz = builder.into_inner().expect("written");
    gz.finish().expect("written")
}

const FILE: tar::EntryType = tar::EntryType::Regular;

/// Imports bytes and returns what is said; asserts that nothing is left behind where it was refused.
fn told(bytes: &[u8], limits: Limits) -> Result<String, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("run.tar.gz");
    fs::write(&path, bytes).expect("written");
    let root = dir.path().join("project");
    fs::create_dir(&root).expect("made");
    let done = import(&root, &path, limits);
    let mut left: Vec<String> = fs::read_dir(dir::runs_dir(&root))
        .map(|entries| {
            let names = entries.filter_map(Result::ok);
            let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
            names.collect()
        })
        .unwrap_or_default();
    left.sort();
    match done {
        Ok(done) => {
            assert_eq!(left, [ID]);
            Ok(format!("{} {} {}", done.run, done.files, done.bytes))
        }
        Err(error) => {
            assert!(left.is_empty(), "{left:?} after {error}");
            let text = error.to_string();
            Err(text.replace(&path.display().to_string(), "FILE"))
        }
    }
}

#[test]
fn a_right_archive_becomes_a_run() {
    let run = intro(ID);
    let list = manifest(ID, &[member("run.json", &run)]);
    let bytes = packed(&[(FILE, MANIFEST, &list), (FILE, "run.json", &run)]);
    let expected = format!("{ID} 1 {}", run.len());
    assert_eq!(told(&bytes, Limits::default()), Ok(expected));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_lies_is_refused_and_leaves_nothing() {
    let run = intro(ID);
    let good = [member("run.json", &run)];
    let list = manifest(ID, &good);
    let and = |extra: serde_json::Value| manifest(ID, &[good[0].clone(), extra]);
    let whole = packed(&[(FILE, MANIFEST, &list), (FILE, "run.json", &run)]);
    let evil = |path: &str| {
        let list = and(member(path, b"x"));
        packed(&[
            (FILE, MANIFEST, &list),
            (FILE, "run.json", &run),
            (FILE, path, b"x"),
        ])
    };
    let link = tar::EntryType::Symlink;
    let twice = manifest(ID, &[good[0].clone(), good[0].clone()]);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", packed(&[]), "is empty"),
        ("no gzip", b"hello".to_vec(), "cannot be read"),
        (
            "another tar",
            packed(&[(FILE, "a", b"b")]),
            "is no exported run",
        ),
        ("up", evil("../up"), "is not a path within a run"),
        (
            "deep up",
            evil("suites/../../up"),
            "is not a path within a run",
        ),
        ("absolute", evil("/tmp/up"), "is not a path within a run"),
        ("a dot", evil("suites/./a"), "is not a path within a run"),
        (
            "an id that leads out",
            packed(&[(FILE, MANIFEST, &manifest("../x", &good))]),
            "is not the id of a run",
        ),
        (
            "an id that hides",
            packed(&[(FILE, MANIFEST, &manifest("latest", &good))]),
            "is not the id of a run",
        ),
        (
            "another version",
            packed(&[(
                FILE,
                MANIFEST,
                br#"{"version": 2, "run": "a", "files": []}"#,
            )]),
            "is of version 2",
        ),
        (
            "a link",
            packed(&[(FILE, MANIFEST, &list), (link, "run.json", b"")]),
            "is no file but Symlink",
        ),
        (
            "another name",
            packed(&[(FILE, MANIFEST, &list), (FILE, "run.jsom", &run)]),
            "where its list has \"run.json\"",
        ),
        (
            "another content",
            packed(&[
                (FILE, MANIFEST, &list),
                (FILE, "run.json", &vec![b' '; run.len()]),
            ]),
            "its digest differs",
        ),
        (
            "one that is not listed",
            packed(&[
                (FILE, MANIFEST, &list),
                (FILE, "run.json", &run),
                (FILE, "x", b"x"),
            ]),
            "which is not in its list",
        ),
        (
            "one that is missing",
            packed(&[
                (FILE, MANIFEST, &and(member("x", b"x"))),
                (FILE, "run.json", &run),
            ]),
            "ends before \"x\"",
        ),
        (
            "one twice",
            packed(&[
                (FILE, MANIFEST, &twice),
                (FILE, "run.json", &run),
                (FILE, "run.json", &run),
            ]),
            "File exists",
        ),
        (
            "another run inside",
            packed(&[
                (FILE, MANIFEST, &manifest("20261122-1532-aaaa", &good)),
                (FILE, "run.json", &run),
            ]),
            "but its run.json says",
        ),
        (
            "cut",
            whole[..whole.len() - 20].to_vec(),
            "nothing was imported",
        ),
    ];
    for (what, bytes, expected) in cases {
        let said = told(&bytes, Limits::default()).expect_err(what);
        assert!(said.contains(expected), "{what}: {said}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let run = intro(ID);
    let zeros = vec![0; 8 << 20];
    let list = manifest(ID, &[member("run.json", &run), member("big", &zeros)]);
    let bytes = packed(&[
        (FILE, MANIFEST, &list),
        (FILE, "run.json", &run),
        (FILE, "big", &zeros),
    ]);
    assert!(bytes.len() < 100_000, "it packs well");
    let limits = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    let said = told(&bytes, limits).expect_err("too large");
    assert!(said.contains("at most 1048576 are taken"), "{said}");
    // One that says it is small does not get further than it says.
    let small = manifest(ID, &[member("run.json", &run), member("big", b"0")]);
    let bytes = packed(&[
        (FILE, MANIFEST, &small),
        (FILE, "run.json", &run),
        (FILE, "big", &zeros),
    ]);
    let said = told(&bytes, limits).expect_err("a lie");
    assert!(
        said.contains("of 8388608 bytes where its list has"),
        "{said}"
    );
    let many: Vec<_> = (0..20).map(|n| member(&n.to_string(), b"")).collect();
    let bytes = packed(&[(FILE, MANIFEST, &manifest(ID, &many))]);
    let limits = Limits {
        files: 10,
        ..Limits::default()
    };
    let said = told(&bytes, limits).expect_err("too many");
    assert!(said.contains("holds 20 files"), "{said}");
}

#[test]
fn a_name_without_end_is_not_read_into_memory() {
    let run = intro(ID);
    let list = manifest(ID, &[member("run.json", &run)]);
    let name = vec![b'a'; 1 << 20];
    let bytes = packed(&[
        (FILE, MANIFEST, &list),
        (tar::EntryType::GNULongName, "././@LongLink", &name),
        (FILE, "run.json", &run),
    ]);
    let said = told(&bytes, Limits::default()).expect_err("too long");
    assert!(said.contains("is no file but GNULongName"), "{said}");
}

#[test]
fn long_names_and_all_bytes_survive_the_way() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = dir.path().join("from");
    let run = dir::runs_dir(&from).join(ID);
    let long = format!(
        "suites/unit/attempt-1/artifacts/{}/{}",
        "a".repeat(150),
        "ü".repeat(100)
    );
    let artifact = run.join(&long);
    fs::create_dir_all(artifact.parent().expect("a folder")).expect("made");
    let mut file = fs::File::create(&artifact).expect("made");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    file.write_all(&bytes).expect("written");
    fs::write(run.join("run.json"), intro(ID)).expect("written");
    fs::write(run.join("heartbeat"), "").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", run.join("link")).expect("made");
    // A run that was killed long ago.
    let old = std::time::SystemTime::UNIX_EPOCH;
    let beat = fs::File::options().write(true).open(run.join("heartbeat"));
    beat.and_then(|file| file.set_modified(old)).expect("set");
    let text = fs::read_to_string(run.join("run.json")).expect("read");
    fs::write(
        run.join("run.json"),
        text.replace("\"pid\":1", "\"pid\":4194305"),
    )
    .expect("written");

    let found = RunDir::find(&from, ID).expect("a run");
    let (one, two) = (dir.path().join("1.tar.gz"), dir.path().join("2.tar.gz"));
    let done = export(&found, &one, false).expect("exported");
    assert_eq!(
        (done.files, done.left_out.as_slice()),
        (2, ["link".to_owned()].as_slice())
    );
    export(&found, &two, false).expect("exported");
    assert_eq!(fs::read(&one).expect("read"), fs::read(&two).expect("read"));
    let refused = export(&found, &two, false).expect_err("there already");
    assert!(refused.to_string().contains("--force"), "{refused}");
    export(&found, &two, true).expect("replaced");

    let to = dir.path().join("to");
    fs::create_dir(&to).expect("made");
    import(&to, &one, Limits::default()).expect("imported");
    let back = dir::runs_dir(&to).join(ID);
    assert_eq!(fs::read(back.join(&long)).expect("read"), bytes);
    let again = import(&to, &one, Limits::default()).expect_err("there already");
    assert!(again.to_string().contains("is here already"), "{again}");
}

use crate::run::dir::RunDir;
