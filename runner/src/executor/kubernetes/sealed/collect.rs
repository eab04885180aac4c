//! Artifacts out of the spool: onto disk, in bounds, under their own names and nothing else's.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use tribunal_seal::wire::{DIGEST, Kind, Record};

use crate::capture::artifacts::Collected;
use crate::judge::Artifact;

/// The bounds of local collecting: the seal keeps to them too, but is not believed.
const FILES: usize = 1_000;
const TOGETHER: u64 = 1 << 30;
const WARNINGS: usize = 25;

/// Takes artifacts as they come.
#[derive(Debug)]
pub(in super::super) struct Shelf {
    folder: PathBuf,
    open: Option<Open>,
    bytes: u64,
    collected: Collected,
}

#[derive(Debug)]
struct Open {
    name: String,
    path: PathBuf,
    /// None: it is refused, or the disk refused it.
    file: Option<File>,
    size: u64,
}

impl Shelf {
    /// Files go below `folder`, which is made when there is one.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: None,
            bytes: 0,
            collected: Collected::default(),
        }
    }

    /// Takes a record, if it is of an artifact. What a file's digest says was checked before.
    pub(in super::super) fn take(&mut self, record: &Record<'_>) {
        match record.header.kind {
            Kind::File => {
                self.void("it never ended");
                self.begin(record.text());
            }
            Kind::FileData => self.append(record.payload),
            Kind::FileEnd if record.payload.len() == DIGEST => self.end(),
            Kind::FileEnd => self.void(&record.text()),
            Kind::Left => self.warn(record.text()),
            _ => {}
        }
    }

    /// What came, whole.
    pub(in super::super) fn finish(mut self) -> Collected {
        self.void("the keeper was lost before all of it was here");
        self.collected
            .files
            .sort_by(|one, other| one.name.cmp(&other.name));
        self.collected
    }

    fn warn(&mut self, text: String) {
        if self.collected.warnings.len() < WARNINGS {
            self.collected.warnings.push(text);
        }
    }

    fn begin(&mut self, name: String) {
        let path = self.folder.join(&name);
        let made = if self.collected.files.len() >= FILES {
            Err("there are too many".to_owned())
        } else if is_below(&name) {
            create(&path).map_err(|error| error.to_string())
        } else {
            Err("its name leads elsewhere".to_owned())
        };
        let file = match made {
            Ok(file) => Some(file),
            Err(why) => {
                self.warn(format!("`{name}` was not collected: {why}"));
                None
            }
        };
        self.open = Some(Open {
            name,
            path,
            file,
            size: 0,
        });
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = TOGETHER.saturating_sub(self.bytes);
        let Some(open) = &mut self.open else { return };
        let Some(file) = &mut open.file else { return };
        let written = if bytes.len() as u64 > room {
            Err("all artifacts together are larger than 1024 MiB".to_owned())
        } else {
            file.write_all(bytes).map_err(|error| error.to_string())
        };
        match written {
            Ok(()) => {
                open.size += bytes.len() as u64;
                self.bytes += bytes.len() as u64;
            }
            Err(why) => self.void(&why),
        }
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take()
            && open.file.is_some()
        {
            self.collected.files.push(Artifact {
                name: open.name,
                path: open.path,
                size: open.size,
            });
        }
    }

    /// Gives the open one up.
    fn void(&mut self, why: &str) {
        if let Some(open) = self.open.take()
            && open.file.is_some()
        {
            fs::remove_file(&open.path).ok();
            self.warn(format!("`{}` was not collected: {why}", open.name));
        }
    }
}

/// Whether a name stays below the folder it is joined to.
fn is_below(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty()
        && !name.contains('\0')
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}
