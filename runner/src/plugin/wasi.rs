//! What a judge finds of WASI: everything is there to be linked, nothing is there to be had.
//!
//! No files, arguments, variables or network; a clock that stands still between looks at it and jumps
//! ahead by every sleep, so that a judge waits for evidence and for nothing else; random numbers that
//! are the same for the same suite and attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView,
};

use super::command::{self, Program};
use super::sandbox::State;
use super::sink::Sink;

/// 2020-01-01T00:00:00Z: late enough for programs that distrust 1970.
const EPOCH: Duration = Duration::from_hours(438_288);
/// How much later it is at each look, in nanoseconds.
const LOOK: u64 = 1_000;
/// Random bytes before they repeat.
const RANDOM_BYTES: usize = 1024;
/// Random bytes that one call returns.
const MAX_RANDOM: u64 = 64 << 10;

/// Nanoseconds since the judgement's start, in the judge's time.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    fn look(&self) -> u64 {
        self.0.fetch_add(LOOK, Ordering::Relaxed)
    }

    fn sleep_until(&self, when: u64) {
        self.0.fetch_max(when, Ordering::Relaxed);
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        LOOK
    }

    fn now(&self) -> u64 {
        self.look()
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(LOOK)
    }

    fn now(&self) -> Duration {
        EPOCH + Duration::from_nanos(self.look())
    }
}

/// Makes the context of one judgement; `seed` is what its random numbers depend on.
///
/// A program gets what it reads and a place for its answer; a judge of the first tier has neither.
pub(super) fn context(
    clock: &Clock,
    stderr: &Sink,
    seed: &str,
    program: Option<&Program>,
) -> WasiCtx {
    let bytes = random_bytes(seed);
    let mut number = [0; 16];
    number.copy_from_slice(&bytes[..16]);
    let mut context = WasiCtx::builder();
    context.stdout(stderr.clone()).stderr(stderr.clone());
    if let Some(program) = program {
        context
            .stdin(program.stdin.clone())
            .stdout(program.stdout.clone())
            .env(command::EVIDENCE, &program.evidence)
            .env(command::ZONE.0, command::ZONE.1)
            .arg("judge");
    }
    context
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .wall_clock(clock.clone())
        .monotonic_clock(clock.clone())
        .secure_random(Deterministic::new(bytes.clone()))
        .insecure_random(Deterministic::new(bytes))
        .insecure_random_seed(u128::from_le_bytes(number))
        .max_random_size(MAX_RANDOM)
        .build()
}

pub(super) fn random_bytes(seed: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RANDOM_BYTES);
    for counter in 0_u32.. {
        if bytes.len() >= RANDOM_BYTES {
            break;
        }
        let block = Sha256::new()
            .chain_update(counter.to_le_bytes())
            .chain_update(seed);
        bytes.extend_from_slice(&block.finalize());
    }
    bytes
}

/// Adds the whole of WASI 0.2 to `linker`, so that judges of every language find what they import.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<State, Sleepless>(linker, |state| JudgeTime {
        clock: state.clock.clone(),
        table: &mut state.table,
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

struct Sleepless;

impl HasData for Sleepless {
    type Data<'a> = JudgeTime<'a>;
}

struct JudgeTime<'a> {
    clock: Clock,
    table: &'a mut ResourceTable,
}

impl monotonic_clock::Host for JudgeTime<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.clock.look())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(LOOK)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let clock = self.clock.clone();
        let alarm = self.table.push(Alarm { clock, when })?;
        subscribe(self.table, alarm)
    }

    fn subscribe_duration(&mut self, nanos: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let when = self.clock.look().saturating_add(nanos);
        self.subscribe_instant(when)
    }
}

/// Rings as soon as it is listened to: by then it is that late.
struct Alarm {
    clock: Clock,
    when: u64,
}

#[async_trait]
impl Pollable for Alarm {
    async fn ready(&mut self) {
        self.clock.sleep_until(self.when);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_by_looking_and_sleeping_only() {
        let clock = Clock::default();
        assert_eq!((clock.look(), clock.look()), (0, LOOK));
        clock.sleep_until(3_600_000_000_000);
        assert_eq!(clock.look(), 3_600_000_000_000);
        clock.sleep_until(5);
        assert!(HostWallClock::now(&clock) > EPOCH + Duration::from_hours(1));
    }

    #[test]
    fn random_numbers_depend_on_the_seed_alone() {
        assert_eq!(random_bytes("unit 1"), random_bytes("unit 1"));
        assert_ne!(random_bytes("unit 1"), random_bytes("unit 2"));
        assert_eq!(random_bytes("").len(), RANDOM_BYTES);
    }
}
