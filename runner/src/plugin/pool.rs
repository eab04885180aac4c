//! A few places that judgements of small judges use again and again.
//!
//! Fresh memory for every judgement costs mapping, faulting in and unmapping it, and each unmapping
//! interrupts every processor this process runs on: more than the judgement of a small suite itself. The
//! pool wipes what a judgement has touched instead. It isolates as well; what does not find a free place, or
//! is too large for one, gets fresh memory.

use std::sync::OnceLock;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::Linker;
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::engine;
use super::sandbox::{self, State};

/// Judgements that may be in the pool at once. Each place reserves 4 GiB of addresses, not of memory.
const PLACES: u32 = 64;
/// What a judge in the pool may consist of; the built-in ones are 1 to 3 of each.
const PARTS: u32 = 8;
/// A larger file is a language runtime, whose instances are of another kind of size.
const LARGEST: u64 = 1 << 20;
/// So much of what was touched is wiped rather than given back.
const KEEP: usize = 2 << 20;
const TABLE_ELEMENTS: usize = 20_000;

/// The pool, where this system lets there be one.
pub(super) struct Pool {
    engine: Engine,
    linker: Linker<State>,
    places: Semaphore,
}

static POOL: OnceLock<Option<Pool>> = OnceLock::new();

/// Returns the pool for a judge of so many bytes; none where it does not fit or cannot be had.
pub(super) fn for_size(bytes: u64) -> Option<&'static Pool> {
    let pool = POOL.get_or_init(Pool::make).as_ref();
    pool.filter(|_| bytes <= LARGEST)
}

/// Takes a free place, if there is one.
pub(super) fn place() -> Option<SemaphorePermit<'static>> {
    POOL.get()?.as_ref()?.places.try_acquire().ok()
}

impl Pool {
    fn make() -> Option<Self> {
        let mut config = engine::config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(places()));
        // An address space that is limited (`ulimit -v`) has no room for it.
        let engine = engine::start(&config).ok()?;
        let linker = sandbox::linker(&engine).ok()?;
        let places = Semaphore::new(PLACES as usize);
        Some(Self {
            engine,
            linker,
            places,
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn linker(&self) -> &Linker<State> {
        &self.linker
    }
}

fn places() -> PoolingAllocationConfig {
    let mut places = PoolingAllocationConfig::new();
    places
        .total_component_instances(PLACES)
        .total_core_instances(PLACES * PARTS)
        .max_core_instances_per_component(PARTS)
        .total_memories(PLACES)
        .max_memories_per_component(1)
        .total_tables(PLACES * PARTS)
        .max_tables_per_component(PARTS)
        .table_elements(TABLE_ELEMENTS)
        .total_stacks(PLACES)
        .linear_memory_keep_resident(KEEP)
        .table_keep_resident(TABLE_ELEMENTS)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::engine::{compatibility, engine};

    /// A process that compiles makes no pool: what it makes has to fit nevertheless.
    #[test]
    fn code_for_the_plain_engine_fits_the_pool() {
        let plain = engine().expect("an engine");
        if let Some(pool) = for_size(1) {
            assert_eq!(compatibility(pool.engine()), compatibility(plain));
        }
    }
}
