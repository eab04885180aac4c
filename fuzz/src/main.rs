//! Fuzzes every judge and the codec of sealed capture: see README.md.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for people"
)]

mod dice;
mod judges;
mod mutate;
mod seal;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tribunal_judges::FORMATS;

use dice::Dice;

const USAGE: &str = "usage: tribunal-fuzz [--seconds N] [--seed N] [--once] [TARGET...]";
/// An input that takes longer is reported: something is quadratic.
const SLOW: Duration = Duration::from_secs(5);

struct Options {
    seconds: u64,
    seed: Option<u64>,
    once: bool,
    targets: Vec<String>,
}

/// What a broken rule is called, and the input.
type Broken = (String, String);

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}\ntargets: {}", names().join(" "));
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for name in &options.targets {
        let broken = match FORMATS.iter().find(|format| format.name == name) {
            Some(format) => {
                let judge = judges::Judge::new(*format);
                run(name, &options, |dice| {
                    let case = judge.case(dice);
                    attempt(|| judge.check(&case)).map_err(|why| (why, case.describe()))
                })
            }
            None => run(name, &options, |dice| {
                let case = seal::case(dice);
                attempt(|| seal::check(&case)).map_err(|why| (why, case.describe()))
            }),
        };
        if broken {
            code = ExitCode::from(1);
        }
    }
    code
}

fn names() -> Vec<String> {
    let formats = FORMATS.iter().map(|format| format.name.to_owned());
    formats.chain(["seal".to_owned()]).collect()
}

fn options() -> Option<Options> {
    let mut options = Options {
        seconds: 60,
        seed: None,
        once: false,
        targets: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => options.seconds = words.next()?.parse().ok()?,
            "--seed" => options.seed = Some(words.next()?.parse().ok()?),
            "--once" => options.once = true,
            name if names().iter().any(|known| known == name) => options.targets.push(word),
            _ => return None,
        }
    }
    if options.targets.is_empty() {
        options.targets = names();
    }
    Some(options)
}

/// A panic is a broken rule too.
fn attempt(check: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// Runs one target; returns whether a rule was broken.
fn run(name: &str, options: &Options, one: impl Fn(&mut Dice) -> Result<(), Broken>) -> bool {
    let begun = Instant::now();
    let limit = Duration::from_secs(options.seconds);
    let first = options.seed.unwrap_or(1);
    let mut seed = first;
    loop {
        let started = Instant::now();
        let result = one(&mut Dice::new(seed));
        let result = match result {
            Ok(()) if started.elapsed() > SLOW => Err((
                format!("took {:.1} s", started.elapsed().as_secs_f64()),
                String::new(),
            )),
            other => other,
        };
        if let Err((why, input)) = result {
            let file = save(name, seed, &why, &input);
            println!(
                "{name:<10} broken by seed {seed}: {why}\n           input: {}",
                file.display()
            );
            return true;
        }
        seed += 1;
        if options.once || begun.elapsed() >= limit {
            println!("{name:<10} {:>9} inputs, nothing broken", seed - first);
            return false;
        }
    }
}

fn save(name: &str, seed: u64, why: &str, input: &str) -> PathBuf {
    let folder = PathBuf::from("target/fuzz");
    let file = folder.join(format!("{name}-{seed}.txt"));
    let text = format!("{why}\nrepeat: tribunal-fuzz --seed {seed} --once {name}\n{input}");
    if let Err(error) = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, text)) {
        eprintln!("{}: {error}", file.display());
    }
    file
}
