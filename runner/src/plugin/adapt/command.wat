;; What the adapter of programs has besides: it starts them. The first part is imported, the second defined.
(import "__main_module__" "_start" (func $start))
;; ---
(func (export "wasi:cli/run@0.2.6#run") (result i32) (call $start) (i32.const 0))
