//! The commands themselves: how each system wants a group, an annotation, a test; and how it wants text in them.

use std::fmt::Write as _;

/// A command of GitHub's kind: `::name key=value::data`. Properties that are empty are left out.
pub(super) fn github(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let mut line = format!("::{name}");
    let mut between = ' ';
    for (key, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        let value = github_data(value).replace(':', "%3A").replace(',', "%2C");
        let _infallible = write!(line, "{between}{key}={value}");
        between = ',';
    }
    line.push_str("::");
    line.push_str(&github_data(data));
    line.push('\n');
    line
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A command of Azure's kind: `##vso[name key=value;]data`. Properties that are empty are left out.
pub(super) fn azure(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let mut line = format!("##vso[{name}");
    let mut between = " ";
    for (key, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        let value = azure_data(value).replace(']', "%5D").replace(';', "%3B");
        let _infallible = write!(line, "{between}{key}={value};");
        between = "";
    }
    line.push(']');
    line.push_str(&azure_data(data));
    line.push('\n');
    line
}

fn azure_data(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// One of `TeamCity`'s service messages.
pub(super) fn teamcity(name: &str, attributes: &[(&str, &str)]) -> String {
    let mut line = format!("##teamcity[{name}");
    for (key, value) in attributes {
        let _infallible = write!(line, " {key}='");
        for c in value.chars() {
            match c {
                '|' | '\'' | '[' | ']' => line.extend(['|', c]),
                '\n' => line.push_str("|n"),
                '\r' => line.push_str("|r"),
                // Line ends to some readers.
                '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    let _infallible = write!(line, "|0x{:04X}", u32::from(c));
                }
                c => line.push(c),
            }
        }
        line.push('\'');
    }
    line.push_str("]\n");
    line
}

/// The beginning of one of GitLab's sections, folded. `name` may hold letters, digits, `_`, `.` and `-`.
pub(super) fn gitlab_start(unix: u64, name: &str, title: &str) -> String {
    format!("\u{1b}[0Ksection_start:{unix}:{name}[collapsed=true]\r\u{1b}[0K{title}\n")
}

/// The end of one of GitLab's sections.
pub(super) fn gitlab_end(unix: u64, name: &str) -> String {
    format!("\u{1b}[0Ksection_end:{unix}:{name}\r\u{1b}[0K\n")
}

/// Returns the beginning of a text, of at most `units` as .NET and Java count characters, with a mark where it is cut.
pub(super) fn cut(text: &str, units: usize) -> String {
    let (mut used, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > units {
            let kept = text.get(..end).unwrap_or_default();
            return format!("{}…", kept.trim_end());
        }
        // Room for the mark.
        if used < units {
            end = at + c.len_utf8();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_commands_is_escaped() {
        let properties = [("file", "a,b:c%.py"), ("line", ""), ("title", "x::y")];
        assert_eq!(
            github("error", &properties, "50% :: a\r\nb,c"),
            "::error file=a%2Cb%3Ac%25.py,title=x%3A%3Ay::50%25 :: a%0D%0Ab,c\n"
        );
        assert_eq!(
            azure(
                "task.logissue",
                &[("type", "error"), ("sourcepath", "a;b].c")],
                "50%\n]"
            ),
            "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.c;]50%AZP25%0A]\n"
        );
        assert_eq!(
            teamcity("testFailed", &[("name", "it's [x|y]\n\u{2028}")]),
            "##teamcity[testFailed name='it|'s |[x||y|]|n|0x2028']\n"
        );
    }

    #[test]
    fn a_cut_counts_as_its_reader_does() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        let long = "😀".repeat(3_000);
        assert!(cut(&long, 4_000).encode_utf16().count() <= 4_000);
        assert_eq!(cut("aé日b", 3), "aé…");
    }
}
