//! The adapter's interface to us: what preview 1 means to a judge.

use wasmtime::component::Linker;
use wasmtime_wasi::I32Exit;

use super::super::limits::MAX_READ;
use super::super::sandbox::State;

const INTERFACE: &str = "tribunal:adapter/stdio@0.1.0";

/// Adds what components made of core modules import.
pub(in super::super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut stdio = linker.instance(INTERFACE)?;
    stdio.func_wrap_async("read", |mut store, (max,): (u32,)| {
        Box::new(async move {
            let max = (max as usize).clamp(1, MAX_READ);
            let bytes = match &store.data_mut().program {
                Some(program) => program.stdin.next(max).await?,
                None => Vec::new(),
            };
            Ok((bytes,))
        })
    })?;
    stdio.func_wrap("write", |store, (fd, bytes): (u32, Vec<u8>)| {
        let state = store.data();
        match &state.program {
            Some(program) if fd == 1 => program.stdout.append(&bytes),
            _ => state.stderr.append(&bytes),
        }
        Ok(())
    })?;
    stdio.func_wrap("environment-size", |store, (): ()| {
        let bytes = store.data().program.as_ref();
        let size = bytes.map_or(0, |program| program.environment().len());
        Ok((u32::try_from(size).unwrap_or(0),))
    })?;
    stdio.func_wrap("environment", |store, (): ()| {
        let program = store.data().program.as_ref();
        let bytes = program.map(|program| program.environment().to_vec());
        Ok((bytes.unwrap_or_default(),))
    })?;
    stdio.func_wrap("seed", |store, (): ()| Ok((store.data().seed,)))?;
    stdio.func_wrap("exit", |_, (code,): (u32,)| -> wasmtime::Result<()> {
        Err(I32Exit(code.cast_signed()).into())
    })?;
    Ok(())
}
