//! The page without its script: head with the policy, the run in plain HTML, and what is left out.

use std::io::{self, Write};
use std::path::Path;

use super::logs::Omitted;
use super::{CSS, JS, digest};
use crate::model::{Case, RunSummary};
use crate::report::terminal::{clean, text};
use crate::report::words;

/// Problem cases in plain HTML.
const CASES: usize = 200;
/// Bytes of them.
const BYTES: usize = 200 << 10;
/// Suites in plain HTML: problems are always among the first.
const SUITES: usize = 1_000;
/// Characters of one text.
const LONGEST: usize = 2_000;

pub(super) fn head<W: Write>(out: &mut W, summary: &RunSummary) -> io::Result<()> {
    let title = escape(&format!(
        "{} {} {}",
        words::verdict(summary),
        summary.pipeline,
        summary.run.as_deref().unwrap_or("")
    ));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; style-src {}; \
         img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>{CSS}</style>\n</head>\n",
        digest(JS),
        digest(CSS),
    )
}

pub(super) fn body<W: Write>(out: &mut W, summary: &RunSummary) -> io::Result<()> {
    let verdict = words::verdict(summary);
    let cases: u64 = summary
        .suites
        .iter()
        .map(|suite| suite.counts.total())
        .sum();
    let failed: u64 = summary
        .suites
        .iter()
        .map(|suite| u64::from(suite.counts.failed) + u64::from(suite.counts.errored))
        .sum();
    write!(
        out,
        "<body>\n<header>\n<h1><span class=\"verdict v-{}\">{verdict}</span> {}</h1>\n<dl>\n\
         <div><dt>Suites</dt><dd>{}</dd></div>\n\
         <div><dt>Cases</dt><dd>{}, {} failed</dd></div>\n\
         <div><dt>Took</dt><dd>{}</dd></div>\n\
         <div><dt>Run</dt><dd>{}</dd></div>\n\
         <div><dt>Started</dt><dd>{}</dd></div>\n</dl>\n",
        verdict.to_lowercase().replace(' ', "-"),
        escape(&summary.pipeline),
        words::counts(summary),
        text::number(cases),
        text::number(failed),
        text::exact(summary.duration_ms),
        escape(summary.run.as_deref().unwrap_or("not stored")),
        escape(&summary.started_at),
    )?;
    for warning in &summary.warnings {
        writeln!(out, "<p class=\"warning\">{}</p>", escape(warning))?;
    }
    out.write_all(b"</header>\n<main id=\"static\">\n")?;
    if let Some(command) = words::again(summary) {
        let command = escape(&command);
        writeln!(out, "<p>Again: <code>{command}</code></p>")?;
    }
    suites(out, summary)?;
    problems(out, summary)?;
    out.write_all(b"</main>\n<div id=\"app\"></div>\n")
}

fn suites<W: Write>(out: &mut W, summary: &RunSummary) -> io::Result<()> {
    out.write_all(
        b"<h2>Suites</h2>\n<table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Suite</th>\
          <th scope=\"col\">Time</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
    )?;
    let suites = words::by_urgency(summary);
    for suite in suites.iter().take(SUITES) {
        writeln!(
            out,
            "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            words::status(suite.status),
            escape(&suite.name),
            text::exact(suite.duration_ms),
            escape(&words::why(suite)),
        )?;
    }
    out.write_all(b"</tbody></table>\n")?;
    let more = suites.len().saturating_sub(SUITES) as u64;
    if more > 0 {
        writeln!(out, "<p>… and {}.</p>", text::plural(more, "more suite"))?;
    }
    Ok(())
}

/// The first problem cases with their messages.
fn problems<W: Write>(out: &mut W, summary: &RunSummary) -> io::Result<()> {
    let (mut shown, mut spent, mut total) = (0_usize, 0_usize, 0_u64);
    for suite in words::by_urgency(summary) {
        if suite.failing.is_empty() || !words::is_problem(suite.status) {
            continue;
        }
        total += suite.failing.len() as u64 + suite.failing_omitted;
        if shown >= CASES || spent >= BYTES {
            continue;
        }
        writeln!(out, "<h2>{}: failed cases</h2>", escape(&suite.name))?;
        for case in &suite.failing {
            if shown >= CASES || spent >= BYTES {
                break;
            }
            let text = one(case);
            out.write_all(text.as_bytes())?;
            shown += 1;
            spent += text.len();
        }
    }
    let more = total.saturating_sub(shown as u64);
    if more > 0 {
        writeln!(
            out,
            "<p>… and {}.</p>",
            text::plural(more, "more failed case")
        )?;
    }
    Ok(())
}

fn one(case: &Case) -> String {
    let place = match (&case.file, case.line) {
        (Some(file), Some(line)) => format!(" <code>{}:{line}</code>", escape(file)),
        (Some(file), None) => format!(" <code>{}</code>", escape(file)),
        _ => String::new(),
    };
    let message = case.details.as_deref().or(case.message.as_deref());
    format!(
        "<h3>{}{place}</h3>\n<pre>{}</pre>\n",
        escape(&case.id),
        escape_lines(message.unwrap_or("no message"))
    )
}

/// Names what is not in the page.
pub(super) fn omitted<W: Write>(
    out: &mut W,
    omitted: &[Omitted],
    page: &Path,
    run_dir: &Path,
) -> io::Result<()> {
    out.write_all(b"<footer>\n")?;
    if !omitted.is_empty() {
        let bytes: u64 = omitted.iter().map(|log| log.bytes).sum();
        let count = omitted.len() as u64;
        // A link works where the page lies in the run's directory; elsewhere it would lead astray.
        let beside = page.parent().is_some_and(|folder| folder == run_dir);
        let all = text::plural(count, "output");
        let size = text::bytes(bytes);
        writeln!(
            out,
            "<details id=\"omitted\"><summary>Not in this page: {all}, {size} in all</summary>\n<ul>"
        )?;
        for log in omitted.iter().take(1_000) {
            let path = escape(&log.path);
            let shown = if beside {
                format!("<a href=\"{path}\">{path}</a>")
            } else {
                format!("<code>{path}</code>")
            };
            writeln!(
                out,
                "<li>{}, attempt {}: {}, {}: {shown}</li>",
                escape(&log.suite),
                log.attempt,
                text::bytes(log.bytes),
                log.reason,
            )?;
        }
        out.write_all(b"</ul></details>\n")?;
    }
    out.write_all(
        b"<p>Made by tribunal. This page loads nothing and sends nothing.</p>\n</footer>\n",
    )
}

pub(super) fn tail<W: Write>(out: &mut W) -> io::Result<()> {
    write!(out, "<script>{JS}</script>\n</body>\n</html>\n")
}

/// About what is still to be written after the data.
pub(super) fn tail_size() -> u64 {
    JS.len() as u64 + 4096
}

/// Returns a line of foreign text as HTML.
pub(super) fn escape(text: &str) -> String {
    html(&clean::line(text))
}

fn escape_lines(text: &str) -> String {
    html(&clean::text(text.as_bytes()))
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars().take(LONGEST) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
