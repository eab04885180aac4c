//! What a judge written in Zig uses: the contract tribunal:judge 0.1.0, by hand. Freestanding: no WASI at all.
//!
//! Give `exportJudge` a type with `info`, `validate` and `judge`. Reading blocks until there is more, so the same
//! judge runs live beside a suite or after it. What a call returns lies in memory of this file until the next call
//! that returns text or bytes: copy it to keep it.
const std = @import("std");

pub const Channel = enum(i32) { stdout, stderr, combined };
pub const Level = enum(u32) { debug, info, warn, @"error" };
pub const Status = enum(u8) { passed, failed, errored, skipped, empty };
pub const CaseStatus = enum(u8) { passed, failed, errored, skipped, flaky };
pub const EndKind = enum(u8) { exited, signaled, timed_out, oom_killed, evicted, start_failed, cancelled, lost, other };

/// A text as the contract has it.
pub const Text = extern struct {
    at: u32 = 0,
    len: u32 = 0,

    pub fn of(bytes: []const u8) Text {
        return .{ .at = @intFromPtr(bytes.ptr), .len = bytes.len };
    }
    pub fn slice(self: Text) []const u8 {
        if (self.len == 0) return "";
        return @as([*]const u8, @ptrFromInt(self.at))[0..self.len];
    }
};

pub const OptionalText = extern struct { some: u8 = 0, value: Text = .{} };
pub const Counts = extern struct { passed: u32 = 0, failed: u32 = 0, errored: u32 = 0, skipped: u32 = 0, flaky: u32 = 0 };

/// How the attempt ended: `code` for exited, `text` for the kinds that have a reason.
pub const End = extern struct {
    kind: EndKind,
    u: extern union {
        code: i32,
        signal: extern struct { number: u32, name: Text, core_dumped: u8 },
        limit_ms: f64,
        text: Text,
    },
};

/// What a judge says about itself.
pub const Info = extern struct { name: Text, version: Text, description: Text, config_schema: OptionalText = .{} };

/// A judge's answer.
pub const Verdict = extern struct {
    status: Status,
    summary: Text,
    has_counts: u8 = 0,
    counts: Counts = .{},
    extra: Text = .{},
};

/// A test case.
pub const Case = extern struct {
    id: Text,
    status: CaseStatus,
    duration_some: u8 align(8) = 0,
    duration_ms: f64 = 0,
    message: OptionalText = .{},
    details: OptionalText = .{},
    file: OptionalText = .{},
    line_some: u8 = 0,
    line: u32 = 0,
    extra: Text = .{},
};

extern "tribunal:judge/suite@0.1.0" fn name(ret: *Text) void;
extern "tribunal:judge/suite@0.1.0" fn @"config-json"(ret: *Text) void;
extern "tribunal:judge/evidence@0.1.0" fn @"open-log"(channel: i32) i32;
extern "tribunal:judge/evidence@0.1.0" fn @"[method]log.read"(log: i32, max: u32, ret: *Text) void;
extern "tribunal:judge/evidence@0.1.0" fn ended(ret: *End) void;
extern "tribunal:judge/evidence@0.1.0" fn @"duration-ms"() f64;
extern "tribunal:judge/host@0.1.0" fn @"report-case"(case: *const Case) void;
extern "tribunal:judge/host@0.1.0" fn progress(done: u32, known: u32, total: u32) void;
extern "tribunal:judge/host@0.1.0" fn log(level: u32, at: u32, len: u32) void;
extern "tribunal:judge/host@0.1.0" fn stderr(at: u32, len: u32) void;

var memory: [256 << 10]u8 align(16) = undefined;
var used: usize = 0;

export fn cabi_realloc(old: usize, old_size: usize, alignment: usize, size: usize) usize {
    _ = old_size;
    const base = @intFromPtr(&memory);
    const at = (base + used + alignment - 1) & ~(alignment - 1);
    if (old != 0 or at - base + size > memory.len) @trap();
    used = at - base + size;
    return at;
}

/// The suite's name.
pub fn suite() []const u8 {
    var text: Text = .{};
    used = 0;
    name(&text);
    return text.slice();
}

/// The judge's config table as JSON; {} without one.
pub fn config() []const u8 {
    var text: Text = .{};
    used = 0;
    @"config-json"(&text);
    return text.slice();
}

/// An output, read in order from its first byte.
pub const Log = struct {
    handle: i32,

    pub fn open(channel: Channel) Log {
        return .{ .handle = @"open-log"(@intFromEnum(channel)) };
    }
    /// The next bytes, at most 64 KiB; empty at the end.
    pub fn read(self: Log) []const u8 {
        var text: Text = .{};
        used = 0;
        @"[method]log.read"(self.handle, 65536, &text);
        return text.slice();
    }
};

/// How the attempt ended; blocks until that is known: read the output first.
pub fn end() End {
    var value: End = undefined;
    used = 0;
    ended(&value);
    return value;
}

/// How long the attempt ran.
pub fn durationMs() f64 {
    return @"duration-ms"();
}

/// Reports a case as soon as it is known; the last report of an id counts.
pub fn report(case: Case) void {
    @"report-case"(&case);
}

/// Cases done, and how many there will be; 0: not known.
pub fn progressed(done: u32, total: u32) void {
    progress(done, @intFromBool(total != 0), total);
}

/// A message for the report.
pub fn message(level: Level, text: []const u8) void {
    log(@intFromEnum(level), @intFromPtr(text.ptr), text.len);
}

/// Says why, and ends the judgement: the suite is errored.
pub fn panicked(text: []const u8) noreturn {
    stderr(@intFromPtr(text.ptr), text.len);
    @trap();
}

/// Exports `T.info() Info`, `T.validate(json) ?[]const u8` and `T.judge() anyerror!Verdict` as a judge.
pub fn exportJudge(comptime T: type) void {
    const Exported = struct {
        var info: Info = undefined;
        var problem: Text = .{};
        var problems: Text = .{};
        var answer: extern struct { failed: u8, u: extern union { verdict: Verdict, failure: extern struct { kind: u8, text: Text } } } = undefined;

        fn describe() callconv(.c) *Info {
            info = T.info();
            return &info;
        }
        fn validate(at: u32, len: u32) callconv(.c) *Text {
            const json: Text = .{ .at = at, .len = len };
            problem = Text.of(T.validate(json.slice()) orelse "");
            problems = .{ .at = @intFromPtr(&problem), .len = @intFromBool(problem.len != 0) };
            return &problems;
        }
        fn judge() callconv(.c) *anyopaque {
            if (T.judge()) |verdict| {
                answer = .{ .failed = 0, .u = .{ .verdict = verdict } };
            } else |failure| {
                answer = .{ .failed = 1, .u = .{ .failure = .{ .kind = 3, .text = Text.of(@errorName(failure)) } } };
            }
            return &answer;
        }
    };
    @export(&Exported.describe, .{ .name = "tribunal:judge/plugin@0.1.0#describe" });
    @export(&Exported.validate, .{ .name = "tribunal:judge/plugin@0.1.0#validate-config" });
    @export(&Exported.judge, .{ .name = "tribunal:judge/plugin@0.1.0#judge" });
}
