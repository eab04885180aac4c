//! WebAssembly judges: the only room that names `wasmtime`.
