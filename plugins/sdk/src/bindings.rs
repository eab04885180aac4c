//! What `wit-bindgen` makes of `wit/judge.wit`; nothing in here is written by hand.
#![expect(clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "judge",
    pub_export_macro: true,
    export_macro_name: "export_bindings",
    default_bindings_module: "tribunal_sdk::bindings",
    additional_derives: [PartialEq],
});
