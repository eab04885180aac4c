//! Sends the text of a panic to the host: a trap alone would not say why.

/// Makes every later panic write its message and place to `host.stderr`. Cheap to call again.
pub fn install() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|info| {
        crate::host::stderr(format!("{info}\n").as_bytes());
    }));
}
