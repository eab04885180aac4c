//! Addresses of files, for terminals that open them.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// Returns the `file:` address of a path; none where this process cannot say where it is.
///
/// Every byte but letters, digits and `-._~/` is encoded: nothing in a name can end the sequence.
pub(super) fn to_file(path: &Path) -> Option<String> {
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        std::env::current_dir().ok()?.join(path)
    };
    let path: PathBuf = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    let mut address = "file://".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            address.push(char::from(*byte));
        } else {
            write!(address, "%{byte:02X}").ok()?;
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_become_addresses() {
        let address = |path: &str| to_file(Path::new(path)).expect("an address");
        assert_eq!(address("/a/b c/ü.log"), "file:///a/b%20c/%C3%BC.log");
        assert_eq!(address("/a/./b"), "file:///a/b");
        assert!(address("x/y").ends_with("/x/y"));
    }

    proptest! {
        #[test]
        fn no_name_ends_the_sequence(name in any::<String>()) {
            let address = to_file(&Path::new("/").join(name)).expect("an address");
            prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
        }
    }
}
