;; Turns a core module for WASI preview 1 into a component for this host. `build.rs` assembles it twice, as the
;; reactor and, with what stands in command.wat, as the command; wit-component links it in front of the module
;; and drops the functions that the module does not use.
;;
;; Own, and not wasmtime's, for three reasons: it asks nothing of WASI, so that a judge made with it has no
;; authority to take away; it keeps clock and random numbers itself, so that a garbage collector which looks at
;; the clock inside `cabi_realloc` (Go's does) does not leave the instance when it must not; and it is small.
;;
;; It has no memory and no stack of its own: it works in the module's memory and borrows from the arguments it is
;; given. No call allocates.
;;
;; Error numbers: 8 bad descriptor, 28 invalid argument, 52 not supported, 58 not supported here, 70 not seekable.
(module
  (import "env" "memory" (memory 0))
  (import "tribunal:adapter/stdio@0.1.0" "read" (func $read (param i32 i32)))
  (import "tribunal:adapter/stdio@0.1.0" "write" (func $write (param i32 i32 i32)))
  (import "tribunal:adapter/stdio@0.1.0" "environment-size" (func $environment_size (result i32)))
  (import "tribunal:adapter/stdio@0.1.0" "environment" (func $environment (param i32)))
  (import "tribunal:adapter/stdio@0.1.0" "seed" (func $seed (result i64)))
  (import "tribunal:adapter/stdio@0.1.0" "exit" (func $exit (param i32)))
  ;; COMMAND IMPORTS

  ;; Nanoseconds since the judgement began, in the judge's time: it passes by looking and by sleeping.
  (global $time (mut i64) (i64.const 0))
  ;; The state of the random numbers; 0 until the first is asked for.
  (global $random (mut i64) (i64.const 0))
  ;; Where the bytes that a host call returns are to go.
  (global $destination (mut i32) (i32.const 0))

  ;; The host allocates what it returns with this. Both calls that return bytes ask for no more than fits.
  (func (export "cabi_import_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $destination))

  (func $look (result i64)
    (global.set $time (i64.add (global.get $time) (i64.const 1000)))
    (global.get $time))
  ;; What a clock shows: the wall clock (0) began at 2020-01-01T00:00:00Z.
  (func $clock (param $id i32) (result i64)
    (i64.add (call $look)
      (select (i64.const 0) (i64.const 1577836800000000000) (local.get $id))))
  (func $is_stdio (param $fd i32) (result i32) (i32.lt_u (local.get $fd) (i32.const 3)))
  ;; 0 for the standard streams, else `bad descriptor`.
  (func $check (param $fd i32) (result i32)
    (select (i32.const 0) (i32.const 8) (call $is_stdio (local.get $fd))))

  ;; One argument, the program's name: some libraries look at it unasked.
  (func (export "args_sizes_get") (param $count i32) (param $size i32) (result i32)
    (i32.store (local.get $count) (i32.const 1))
    (i32.store (local.get $size) (i32.const 6))
    (i32.const 0))
  (func (export "args_get") (param $argv i32) (param $buffer i32) (result i32)
    (i32.store (local.get $argv) (local.get $buffer))
    ;; "judg", "e\0"
    (i32.store align=1 (local.get $buffer) (i32.const 0x6764756a))
    (i32.store16 offset=4 align=1 (local.get $buffer) (i32.const 0x0065))
    (i32.const 0))

  (func (export "environ_sizes_get") (param $count i32) (param $size i32) (result i32)
    (local $bytes i32)
    (local.set $bytes (call $environment_size))
    (i32.store (local.get $count) (select (i32.const 2) (i32.const 0) (local.get $bytes)))
    (i32.store (local.get $size) (local.get $bytes))
    (i32.const 0))
  ;; `environ` has room for two pointers: first it takes what the host call returns, then those.
  (func (export "environ_get") (param $environ i32) (param $buffer i32) (result i32)
    (local $bytes i32)
    (local.set $bytes (call $environment_size))
    (if (local.get $bytes) (then
      (global.set $destination (local.get $buffer))
      (call $environment (local.get $environ))
      (i32.store (local.get $environ) (local.get $buffer))
      ;; The last variable is "TZ=UTC" and a NUL.
      (i32.store offset=4 (local.get $environ)
        (i32.add (local.get $buffer) (i32.sub (local.get $bytes) (i32.const 7))))))
    (i32.const 0))

  (func (export "clock_res_get") (param $id i32) (param $out i32) (result i32)
    (i64.store (local.get $out) (i64.const 1000))
    (i32.const 0))
  (func (export "clock_time_get") (param $id i32) (param $precision i64) (param $out i32) (result i32)
    (i64.store (local.get $out) (call $clock (local.get $id)))
    (i32.const 0))

  ;; xorshift64*: good enough for hash seeds and samples, and nothing in here keeps a secret.
  (func $next (result i64)
    (local $x i64)
    (if (i64.eqz (global.get $random)) (then
      (global.set $random (i64.or (call $seed) (i64.const 1)))))
    (local.set $x (global.get $random))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 12))))
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 25))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 27))))
    (global.set $random (local.get $x))
    (i64.mul (local.get $x) (i64.const 2685821657736338717)))
  (func (export "random_get") (param $out i32) (param $len i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $out) (local.get $len)))
    (block $done (loop $more
      (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
      (i32.store8 (local.get $out) (i32.wrap_i64 (i64.shr_u (call $next) (i64.const 32))))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (br $more)))
    (i32.const 0))

  ;; Reads into the first buffer that has room. Its entry of 8 bytes takes what the host call returns, and is
  ;; put back as it was.
  (func (export "fd_read") (param $fd i32) (param $iovs i32) (param $count i32) (param $read i32) (result i32)
    (local $at i32) (local $len i32) (local $got i32)
    (if (local.get $fd) (then (return (i32.const 8))))
    (block $found (loop $next_one
      (if (i32.eqz (local.get $count)) (then
        (i32.store (local.get $read) (i32.const 0))
        (return (i32.const 0))))
      (local.set $len (i32.load offset=4 (local.get $iovs)))
      (br_if $found (local.get $len))
      (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next_one)))
    (local.set $at (i32.load (local.get $iovs)))
    (global.set $destination (local.get $at))
    (call $read (local.get $len) (local.get $iovs))
    (local.set $got (i32.load offset=4 (local.get $iovs)))
    (i32.store (local.get $iovs) (local.get $at))
    (i32.store offset=4 (local.get $iovs) (local.get $len))
    (i32.store (local.get $read) (local.get $got))
    (i32.const 0))

  (func (export "fd_write") (param $fd i32) (param $iovs i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32) (local $len i32)
    (if (i32.or (i32.eqz (local.get $fd)) (i32.gt_u (local.get $fd) (i32.const 2)))
      (then (return (i32.const 8))))
    (block $done (loop $more
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $len (i32.load offset=4 (local.get $iovs)))
      (if (local.get $len) (then
        (call $write (local.get $fd) (i32.load (local.get $iovs)) (local.get $len))))
      (local.set $sum (i32.add (local.get $sum) (local.get $len)))
      (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $more)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  (func (export "fd_fdstat_get") (param $fd i32) (param $out i32) (result i32)
    (if (i32.eqz (call $is_stdio (local.get $fd))) (then (return (i32.const 8))))
    ;; Of an unknown kind (so no terminal), without flags.
    (i64.store (local.get $out) (i64.const 0))
    ;; May be read (1 << 1), written (1 << 6) and polled (1 << 27).
    (i64.store offset=8 (local.get $out) (i64.const 0x8000042))
    (i64.store offset=16 (local.get $out) (i64.const 0))
    (i32.const 0))
  (func (export "fd_filestat_get") (param $fd i32) (param $out i32) (result i32)
    (if (i32.eqz (call $is_stdio (local.get $fd))) (then (return (i32.const 8))))
    (memory.fill (local.get $out) (i32.const 0) (i32.const 64))
    (i32.const 0))
  (func (export "fd_close") (param $fd i32) (result i32) (call $check (local.get $fd)))
  (func (export "fd_sync") (param $fd i32) (result i32) (call $check (local.get $fd)))
  (func (export "fd_datasync") (param $fd i32) (result i32) (call $check (local.get $fd)))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32) (call $check (local.get $fd)))
  (func (export "fd_fdstat_set_rights") (param $fd i32) (param i64 i64) (result i32) (call $check (local.get $fd)))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 70))
  (func (export "fd_tell") (param i32 i32) (result i32) (i32.const 70))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (i32.const 70))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (i32.const 70))

  ;; No files: there is no directory to begin from, so that no path is ever asked for by a libc.
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_renumber") (param i32 i32) (result i32) (i32.const 8))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (i32.const 8))
  ;; No network.
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (i32.const 58))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 58))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (i32.const 58))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (i32.const 58))

  ;; Streams are always ready: reading them waits. Without one, the earliest clock rings, and it is that late.
  ;; A subscription has 48 bytes: user data, a tag at 8 (0: clock), for clocks the id at 16, a time at 24, and at
  ;; 40 whether that is a point in time. An event has 32: user data, an error at 8, the tag at 10.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (local $left i32) (local $at i32) (local $found i32) (local $when i64) (local $earliest i64) (local $first i32)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (local.set $earliest (i64.const -1))
    (local.set $left (local.get $count))
    (local.set $at (local.get $in))
    (block $done (loop $more
      (br_if $done (i32.eqz (local.get $left)))
      (if (i32.load8_u offset=8 (local.get $at))
        (then
          (call $event (local.get $at) (i32.add (local.get $out) (i32.mul (local.get $found) (i32.const 32))))
          (local.set $found (i32.add (local.get $found) (i32.const 1))))
        (else
          (local.set $when (i64.load offset=24 (local.get $at)))
          ;; To the monotonic clock's time, whatever it was given as.
          (if (i32.and (i32.load16_u offset=40 (local.get $at)) (i32.const 1))
            (then (if (i32.eqz (i32.load offset=16 (local.get $at))) (then
              (local.set $when (i64.sub (local.get $when) (i64.const 1577836800000000000))))))
            (else (local.set $when (i64.add (local.get $when) (global.get $time)))))
          (if (i64.lt_u (local.get $when) (local.get $earliest)) (then
            (local.set $earliest (local.get $when))
            (local.set $first (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (i32.const 48)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $more)))
    (if (i32.eqz (local.get $found)) (then
      (if (i64.gt_s (local.get $earliest) (global.get $time)) (then
        (global.set $time (local.get $earliest))))
      (call $event (select (local.get $first) (local.get $in) (local.get $first)) (local.get $out))
      (local.set $found (i32.const 1))))
    (i32.store (local.get $events) (local.get $found))
    (i32.const 0))
  (func $event (param $subscription i32) (param $out i32)
    (local $user i64) (local $tag i32)
    (local.set $user (i64.load (local.get $subscription)))
    (local.set $tag (i32.load8_u offset=8 (local.get $subscription)))
    (memory.fill (local.get $out) (i32.const 0) (i32.const 32))
    (i64.store (local.get $out) (local.get $user))
    (i32.store8 offset=10 (local.get $out) (local.get $tag))
    ;; One byte at least can be read or written.
    (if (local.get $tag) (then (i64.store offset=16 (local.get $out) (i64.const 1)))))

  (func (export "sched_yield") (result i32) (i32.const 0))
  (func (export "proc_exit") (param $code i32) (call $exit (local.get $code)) (unreachable))
  (func (export "proc_raise") (param $signal i32) (result i32)
    (call $exit (i32.add (local.get $signal) (i32.const 128)))
    (i32.const 52))
  ;; COMMAND
)
