//! One suite, multiplied by its matrix and its shards.

use crate::plan::Shard;

use super::schema::SuiteConfig;

/// The most variants that one suite may have.
pub(crate) const MAX_PER_SUITE: usize = 10_000;

/// The most suites that a pipeline may have, all variants counted.
pub(crate) const MAX_IN_ALL: usize = 100_000;

/// The most needs that a pipeline may have, every variant's need of every variant counted.
pub(crate) const MAX_NEEDS: usize = 2_000_000;

/// One of the suites that a `[suites.NAME]` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// `unit[python=3.13,shard=2/4]`; the bare name without matrix and shards.
    pub(crate) name: String,
    /// The matrix values, in the order of the file.
    pub(crate) values: Vec<(String, String)>,
    /// Its part.
    pub(crate) shard: Option<Shard>,
}

/// How many variants a suite has; none when there are more than [`MAX_PER_SUITE`].
pub(crate) fn count(suite: &SuiteConfig) -> Option<usize> {
    let shards = usize::try_from(suite.shards.unwrap_or(1)).ok()?;
    suite
        .matrix
        .iter()
        .try_fold(shards, |product, (_, values)| {
            product.checked_mul(values.len())
        })
        .filter(|&product| product <= MAX_PER_SUITE)
}

/// All variants: the matrix's last name runs fastest, shards run faster still.
///
/// The caller has checked the number with [`count`].
pub(crate) fn of(suite: &SuiteConfig) -> Vec<Variant> {
    let mut rows: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for (name, values) in &suite.matrix {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut longer = row.clone();
                    longer.push((name.clone(), value.clone()));
                    longer
                })
            })
            .collect();
    }
    let mut variants = Vec::new();
    for values in rows {
        match suite.shards {
            None => variants.push(variant(&suite.name, values, None)),
            Some(total) => {
                for index in 0..total {
                    let shard = Some(Shard { index, total });
                    variants.push(variant(&suite.name, values.clone(), shard));
                }
            }
        }
    }
    variants
}

fn variant(base: &str, values: Vec<(String, String)>, shard: Option<Shard>) -> Variant {
    let mut parts: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // People count from 1.
    parts.extend(shard.map(|shard| format!("shard={}/{}", shard.index + 1, shard.total)));
    let name = if parts.is_empty() {
        base.to_owned()
    } else {
        format!("{base}[{}]", parts.join(","))
    };
    Variant {
        name,
        values,
        shard,
    }
}
