//! {{name}}: passes when the last line of the output is ALL GOOD.
const std = @import("std");
const tribunal = @import("tribunal.zig");

const Judge = struct {
    pub fn info() tribunal.Info {
        return .{
            .name = tribunal.Text.of("{{name}}"),
            .version = tribunal.Text.of("0.1.0"),
            .description = tribunal.Text.of("Passes when the last line is ALL GOOD."),
        };
    }

    pub fn validate(json: []const u8) ?[]const u8 {
        if (json.len <= 2) return null;
        return "the judge takes no configuration: remove its `config` table";
    }

    var line: [4096]u8 = undefined;
    var last: [4096]u8 = undefined;

    pub fn judge() anyerror!tribunal.Verdict {
        var len: usize = 0;
        var last_len: usize = 0;
        const log = tribunal.Log.open(.combined);
        while (true) {
            const chunk = log.read();
            for (chunk) |byte| {
                if (byte != '\n') {
                    if (len < line.len) {
                        line[len] = byte;
                        len += 1;
                    }
                } else if (len > 0) {
                    @memcpy(last[0..len], line[0..len]);
                    last_len = len;
                    len = 0;
                }
            }
            if (chunk.len == 0) break;
        }
        if (len > 0) {
            @memcpy(last[0..len], line[0..len]);
            last_len = len;
        }
        const end = tribunal.end();
        if (end.kind != .exited or end.u.code != 0)
            return .{ .status = .failed, .summary = tribunal.Text.of("it did not end with exit 0") };
        if (!std.mem.eql(u8, last[0..last_len], "ALL GOOD"))
            return .{ .status = .failed, .summary = tribunal.Text.of("the last line is not ALL GOOD") };
        return .{ .status = .passed, .summary = tribunal.Text.of("all good") };
    }
};

comptime {
    tribunal.exportJudge(Judge);
}
