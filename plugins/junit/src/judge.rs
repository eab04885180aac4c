//! The shell: reads artifacts and output from the host, reports cases, asks [`crate::verdict`].

use std::collections::BTreeSet;

use tribunal_sdk::{Channel, Error, Info, Judge, Level, Log, Verdict, evidence, host, suite};

use crate::config::{self, Config};
use crate::read::read;
use crate::tally::Tally;
use crate::verdict::{Report, Source, decide};

/// The most bytes a read returns; the host gives no more.
const CHUNK: u32 = 65_536;
/// The most artifacts the host gives for a glob.
const MOST_ARTIFACTS: usize = 1_000;

/// The judge.
pub struct Junit;

impl Judge for Junit {
    fn info() -> Info {
        Info {
            name: "junit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description:
                "Reads JUnit XML from the artifacts or, where there is none, from the output."
                    .to_owned(),
            config_schema: Some(config::SCHEMA.to_owned()),
        }
    }

    fn validate_config(json: &str) -> Vec<String> {
        config::parse(json).err().unwrap_or_default()
    }

    fn judge() -> Result<Verdict, Error> {
        let config = config::parse(&suite::config_json())
            .map_err(|problems| Error::BadConfig(problems.join("; ")))?;
        let mut tally = Tally::default();
        let mut reports = from_artifacts(&config, &mut tally)?;
        if reports
            .iter()
            .all(|report| report.outcome.documents == 0 && report.problem().is_none())
        {
            reports.push(from_output(&mut tally));
        }
        for warning in reports.iter().filter_map(Report::warning) {
            host::log(Level::Warn, &warning);
        }
        if tally.unreported > 0 {
            let warning = format!(
                "{} more test cases were counted and are not listed",
                tally.unreported
            );
            host::log(Level::Warn, &warning);
        }
        decide(&evidence::ended(), &reports, &tally, &evidence::capture())
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Junit);

fn from_artifacts(config: &Config, tally: &mut Tally) -> Result<Vec<Report>, Error> {
    let (globs, source) = match &config.files {
        Some(files) => (files.clone(), Source::Named),
        None => (vec!["**/*.xml".to_owned()], Source::Collected),
    };
    let mut seen = BTreeSet::new();
    let mut reports = Vec::new();
    for glob in globs {
        let artifacts = evidence::artifacts(&glob);
        if artifacts.len() >= MOST_ARTIFACTS {
            return Err(Error::MissingEvidence(format!(
                "`{glob}` matches {MOST_ARTIFACTS} artifacts or more, which is all a judge can see: \
                 set `files` to several narrower globs"
            )));
        }
        for artifact in artifacts {
            let name = artifact.name();
            if seen.insert(name.clone()) {
                let next = || artifact.read(CHUNK);
                reports.push(read(name, source, next, tally, host::report_case));
            }
        }
    }
    Ok(reports)
}

fn from_output(tally: &mut Tally) -> Report {
    let log = Log::open(Channel::Stdout);
    let next = || log.chunk().unwrap_or_default();
    read(
        "the output".to_owned(),
        Source::Output,
        next,
        tally,
        host::report_case,
    )
}
