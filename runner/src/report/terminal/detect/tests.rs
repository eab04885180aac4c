//! Every fact, and what it decides.

use super::super::settings::{Settings, Verbosity};
use super::*;

/// A person at a terminal.
fn person() -> Facts {
    Facts {
        stdout_terminal: true,
        stderr_terminal: true,
        size: Some((80, 24)),
        term: Some("xterm-256color".into()),
        utf8: true,
        ..Facts::default()
    }
}

fn one() -> String {
    "1".into()
}

/// What differs from a person at a terminal; whether live, coloured, and beyond ASCII.
type Row = (&'static str, fn(&mut Facts), [bool; 3]);

fn check(table: &[Row]) {
    for (what, change, expected) in table {
        let mut facts = person();
        change(&mut facts);
        let settings = Settings::detect(&facts);
        let found = [
            settings.mode == Mode::Live,
            settings.color,
            settings.unicode,
        ];
        assert_eq!(found, *expected, "{what}");
    }
}

#[test]
fn surroundings_decide_mode_colour_and_symbols() {
    check(&[
        ("nothing", |_| {}, [true, true, true]),
        ("piped", |f| f.stdout_terminal = false, [false, false, true]),
        (
            "stderr piped",
            |f| f.stderr_terminal = false,
            [false, true, true],
        ),
        (
            "dumb",
            |f| f.term = Some("dumb".into()),
            [false, false, true],
        ),
        ("no TERM", |f| f.term = None, [false, false, true]),
        ("CI", |f| f.ci = Some("true".into()), [false, true, true]),
        (
            "CI=false",
            |f| f.ci = Some("false".into()),
            [true, true, true],
        ),
        ("CI=", |f| f.ci = Some(String::new()), [true, true, true]),
        (
            "NO_COLOR",
            |f| f.no_color = Some(one()),
            [true, false, true],
        ),
        (
            "NO_COLOR=",
            |f| f.no_color = Some(String::new()),
            [true, true, true],
        ),
        (
            "accessible",
            |f| f.accessible = Some(one()),
            [false, true, false],
        ),
        ("ascii", |f| f.flags.ascii = true, [true, true, false]),
        ("locale C", |f| f.utf8 = false, [true, true, false]),
        ("--no-live", |f| f.flags.no_live = true, [false, true, true]),
        (
            "TRIBUNAL_LIVE=0",
            |f| f.live = Some("0".into()),
            [false, true, true],
        ),
        (
            "TRIBUNAL_LIVE=1",
            |f| f.live = Some(one()),
            [true, true, true],
        ),
        ("narrow", |f| f.size = Some((39, 24)), [false, true, true]),
        ("low", |f| f.size = Some((80, 9)), [false, true, true]),
        (
            "--color never",
            |f| f.flags.color = ColorChoice::Never,
            [true, false, true],
        ),
    ]);
}

#[test]
fn taste_yields_to_whatever_else_is_said() {
    check(&[
        (
            "all of it",
            |f| {
                f.flags.taste = Taste {
                    color: ColorChoice::Never,
                    no_live: true,
                    ascii: true,
                };
            },
            [false, false, false],
        ),
        (
            "TRIBUNAL_LIVE=1 beats it",
            |f| {
                f.flags.taste.no_live = true;
                f.live = Some(one());
            },
            [true, true, true],
        ),
        (
            "NO_COLOR beats it",
            |f| {
                f.flags.taste.color = ColorChoice::Always;
                f.no_color = Some(one());
            },
            [true, false, true],
        ),
        (
            "it beats a pipe",
            |f| {
                f.flags.taste.color = ColorChoice::Always;
                f.stdout_terminal = false;
            },
            [false, true, true],
        ),
        (
            "--color beats it",
            |f| {
                f.flags.taste.color = ColorChoice::Never;
                f.flags.color = ColorChoice::Always;
            },
            [true, true, true],
        ),
    ]);
}

#[test]
fn one_word_about_colour_beats_another() {
    check(&[
        (
            "--color always beats NO_COLOR and a pipe",
            |f| {
                f.stdout_terminal = false;
                f.no_color = Some(one());
                f.flags.color = ColorChoice::Always;
            },
            [false, true, true],
        ),
        (
            "NO_COLOR beats FORCE_COLOR and a CI",
            |f| {
                f.no_color = Some(one());
                f.force_color = Some(one());
                f.ci_shows_color = true;
            },
            [true, false, true],
        ),
        (
            "FORCE_COLOR in a pipe",
            |f| {
                f.stdout_terminal = false;
                f.force_color = Some(one());
            },
            [false, true, true],
        ),
        (
            "CLICOLOR_FORCE=0 in a pipe",
            |f| {
                f.stdout_terminal = false;
                f.clicolor_force = Some("0".into());
            },
            [false, false, true],
        ),
        (
            "a CI that shows colours",
            |f| {
                *f = Facts {
                    ci: Some(one()),
                    ci_shows_color: true,
                    utf8: true,
                    ..Facts::default()
                };
            },
            [false, true, true],
        ),
    ]);
}

#[test]
fn heartbeat_and_frame_follow_the_surroundings() {
    let mut facts = person();
    let settings = Settings::detect(&facts);
    assert_eq!(
        (settings.heartbeat.as_secs(), settings.frame.as_millis()),
        (30, 100)
    );
    facts.ci = Some(one());
    facts.ssh = true;
    let settings = Settings::detect(&facts);
    assert_eq!(
        (settings.heartbeat.as_secs(), settings.frame.as_millis()),
        (60, 250)
    );
    facts.accessible = Some(one());
    assert_eq!(Settings::detect(&facts).heartbeat.as_secs(), 30);
}

#[test]
fn levels_are_clamped() {
    let levels = [-9, -1, 0, 1, 9].map(Verbosity::from_level);
    assert_eq!(
        levels,
        [
            Verbosity::Silent,
            Verbosity::Quiet,
            Verbosity::Normal,
            Verbosity::Verbose,
            Verbosity::Debug
        ]
    );
}
