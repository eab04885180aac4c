//! A soak test must not leak: of the lines `rss N MiB` the last may not be much above the first.
const std = @import("std");
const tribunal = @import("tribunal.zig");

/// How much more than at the start is fine, in percent.
const allowed = 20;

const Judge = struct {
    pub fn info() tribunal.Info {
        return .{
            .name = tribunal.Text.of("watermark"),
            .version = tribunal.Text.of("0.1.0"),
            .description = tribunal.Text.of("Memory at the end may be 20 % above that at the start."),
        };
    }

    pub fn validate(json: []const u8) ?[]const u8 {
        return if (json.len <= 2) null else "the judge takes no configuration: remove its `config` table";
    }

    var line: [256]u8 = undefined;
    var words: [128]u8 = undefined;
    var first: ?u32 = null;
    var last: u32 = 0;

    fn take(text: []const u8) void {
        if (!std.mem.startsWith(u8, text, "rss ") or !std.mem.endsWith(u8, text, " MiB")) return;
        if (text.len < 9) return;
        const mib = std.fmt.parseInt(u32, text[4 .. text.len - 4], 10) catch return;
        if (first == null) first = mib;
        last = mib;
    }

    pub fn judge() anyerror!tribunal.Verdict {
        var len: usize = 0;
        const log = tribunal.Log.open(.stdout);
        while (true) {
            const chunk = log.read();
            for (chunk) |byte| {
                if (byte == '\n') {
                    take(line[0..len]);
                    len = 0;
                } else if (len < line.len) {
                    line[len] = byte;
                    len += 1;
                }
            }
            if (chunk.len == 0) break;
        }
        const end = tribunal.end();
        if (end.kind != .exited or end.u.code != 0)
            return .{ .status = .failed, .summary = tribunal.Text.of("it did not end with exit 0") };
        const start = first orelse
            return .{ .status = .empty, .summary = tribunal.Text.of("no line says how much memory was used") };
        const fine = @as(u64, last) * 100 <= @as(u64, start) * (100 + allowed);
        const text = std.fmt.bufPrint(&words, "memory went from {d} to {d} MiB", .{ start, last }) catch "memory grew";
        return .{ .status = if (fine) .passed else .failed, .summary = tribunal.Text.of(text) };
    }
};

comptime {
    tribunal.exportJudge(Judge);
}
