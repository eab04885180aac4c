//! Names of suites as names of directories.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

/// The longest slug, in bytes.
const LONGEST: usize = 100;

/// Makes a slug for each name: unique among them, at most 100 bytes of `[a-z0-9._-]`, and not
/// dependent on the order of the names.
///
/// The names are unique and start with a letter, a digit or `_`.
pub(super) fn slugs<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in names.clone() {
        *uses.entry(plain(name)).or_default() += 1;
    }
    let mut taken: HashSet<String> = uses
        .iter()
        .filter(|(slug, count)| **count == 1 && slug.len() <= LONGEST)
        .map(|(slug, _)| slug.clone())
        .collect();
    names
        .map(|name| {
            let slug = plain(name);
            if slug.len() <= LONGEST && uses.get(&slug) == Some(&1) {
                return slug;
            }
            let hash = hash(name);
            // More of the hash until it is nobody else's.
            let mut digits = 8;
            loop {
                let tail = hash.get(..digits).unwrap_or(&hash);
                // Only ASCII is left, so any cut is on a character's border.
                let head: String = slug.chars().take(LONGEST - 1 - digits).collect();
                let slug = format!("{head}-{tail}");
                if taken.insert(slug.clone()) || digits == hash.len() {
                    return slug;
                }
                digits += 1;
            }
        })
        .collect()
}

/// Lower case, with one `-` for every run of other characters.
fn plain(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

fn hash(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let mut hex = String::new();
    for byte in digest.iter().take(16) {
        hex.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
        );
    }
    hex
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_are_readable_where_they_can_be() {
        let names = ["unit", "unit[python=3.13,shard=2/4]", "a b", "Unit"];
        let slugs = slugs(names.into_iter());
        assert_eq!(
            slugs.get(1).map(String::as_str),
            Some("unit-python-3.13-shard-2-4")
        );
        assert_eq!(slugs.get(2).map(String::as_str), Some("a-b"));
        // Two names for one slug: neither gets it bare.
        assert!(
            slugs
                .iter()
                .filter(|slug| slug.starts_with("unit-"))
                .count()
                == 3,
            "{slugs:?}"
        );
    }

    #[test]
    fn a_slug_does_not_depend_on_the_others_order() {
        let one = slugs(["A-x", "a_x", "a-x"].into_iter());
        let mut other = slugs(["a-x", "a_x", "A-x"].into_iter());
        other.reverse();
        assert_eq!(one, other);
    }

    proptest! {
        #[test]
        fn slugs_are_unique_safe_and_short(
            names in proptest::collection::hash_set("[a-zA-Z0-9_][a-zA-Z0-9._\\[\\]=/,é -]{0,130}", 1..20)
        ) {
            let slugs = slugs(names.iter().map(String::as_str));
            let unique: HashSet<&String> = slugs.iter().collect();
            prop_assert_eq!(unique.len(), names.len());
            for slug in &slugs {
                prop_assert!(!slug.is_empty() && slug.len() <= LONGEST);
                prop_assert!(!slug.starts_with(['.', '-']));
                let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
                prop_assert!(slug.chars().all(safe), "{}", slug);
            }
        }
    }
}
