//! The one engine of the process: what judges may be made of, and how they are interrupted.

use std::hash::{Hash as _, Hasher};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, EngineWeak, Store, UpdateDeadline, WasmBacktraceDetails};

use super::error::Problem;

/// Bytes of stack that a judge's own code may use.
pub(super) const WASM_STACK: usize = 1 << 20;
/// Bytes of stack of a judgement: the judge's own, and what host functions use below it.
const ASYNC_STACK: usize = 2 << 20;
/// How long a judge computes before others get a turn on its thread.
const TICK: Duration = Duration::from_millis(10);

static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
static COUNTING: OnceLock<Result<Engine, String>> = OnceLock::new();

/// Returns the engine; the first call makes it, and starts the thread that ticks for it.
///
/// # Errors
/// When this system does not let wasmtime work.
pub(super) fn engine() -> Result<&'static Engine, Problem> {
    ENGINE
        .get_or_init(make)
        .as_ref()
        .map_err(|error| Problem::Engine(error.clone()))
}

/// Returns the engine whose code counts the instructions it executes: for `plugin test`, at a tenth of the speed
/// more.
///
/// # Errors
/// As [`engine`].
pub(super) fn counting() -> Result<&'static Engine, Problem> {
    COUNTING
        .get_or_init(|| {
            let mut config = config();
            config.consume_fuel(true);
            start(&config)
        })
        .as_ref()
        .map_err(|error| Problem::Engine(error.clone()))
}

fn make() -> Result<Engine, String> {
    start(&config())
}

/// Makes an engine and starts the thread that ticks for it.
pub(super) fn start(config: &Config) -> Result<Engine, String> {
    let engine = Engine::new(config).map_err(|error| format!("{error:#}"))?;
    let weak = engine.weak();
    thread::Builder::new()
        .name("judge-ticks".to_owned())
        .spawn(move || tick(&weak))
        .map_err(|error| format!("no thread could be started: {error}"))?;
    Ok(engine)
}

/// What every engine of this process is like.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(ASYNC_STACK)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable);
    // The same evidence gives the same verdict on every machine.
    config
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    // What no judge needs is not offered: most advisories of the last years were in these.
    config
        .wasm_threads(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_memory64(false)
        .concurrency_support(false);
    config
}

/// A plain thread, because it has to tick even when every worker is busy inside a judge.
fn tick(engine: &EngineWeak) {
    loop {
        thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else {
            return;
        };
        engine.increment_epoch();
    }
}

/// Lets a judge that computes give way to other tasks at each tick, after what `before` makes of its world.
///
/// tokio's own yield, because wasmtime's wakes itself at once, and tokio then looks at its timers only
/// every 61st time.
pub(super) fn yield_at_ticks<T, F>(store: &mut Store<T>, before: fn(&mut T) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut store| {
        let before = before(store.data_mut());
        let way = async {
            before.await;
            tokio::task::yield_now().await;
        };
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(way)))
    });
}

/// Returns a digest of everything that compiled code depends on: version, settings, processor.
pub(super) fn compatibility(engine: &Engine) -> [u8; 32] {
    let mut hasher = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Collects what a `Hash` feeds it, because std's own hashers promise nothing across releases.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not used: the digest is taken from the inner hash.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatibility_depends_on_the_settings() {
        let one = engine().expect("an engine");
        let mut other = config();
        other.epoch_interruption(false);
        let other = Engine::new(&other).expect("an engine");
        assert_eq!(compatibility(one), compatibility(one));
        assert_ne!(compatibility(one), compatibility(&other));
    }

    #[test]
    fn the_ticker_ends_with_its_engine() {
        let engine = Engine::new(&config()).expect("an engine");
        let weak = engine.weak();
        let ticker = thread::spawn(move || tick(&weak));
        thread::sleep(TICK * 3);
        assert!(!ticker.is_finished());
        drop(engine);
        ticker.join().expect("no panic");
    }
}
