//! Which CI system reads our output, and what it tells of itself.

use std::path::PathBuf;

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions, on its own runner or on `act`.
    Github,
    /// Forgejo or Gitea Actions: groups, but no annotations.
    Forgejo,
    /// GitLab CI.
    Gitlab,
    /// Buildkite.
    Buildkite,
    /// `TeamCity`.
    Teamcity,
    /// Azure Pipelines.
    Azure,
    /// Jenkins: reads nothing out of a log.
    Jenkins,
    /// Woodpecker: reads nothing out of a log.
    Woodpecker,
    /// Any other.
    Generic,
}

impl System {
    /// Every system by its name on the command line.
    pub const ALL: [(&str, Self); 9] = [
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
        ("buildkite", Self::Buildkite),
        ("teamcity", Self::Teamcity),
        ("azure", Self::Azure),
        ("jenkins", Self::Jenkins),
        ("forgejo", Self::Forgejo),
        ("woodpecker", Self::Woodpecker),
        ("generic", Self::Generic),
    ];

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, system)| *system == self);
        known.map_or("generic", |(name, _)| name)
    }

    /// Whether it reads commands out of what a job prints.
    pub fn reads_commands(self) -> bool {
        !matches!(self, Self::Jenkins | Self::Woodpecker | Self::Generic)
    }

    /// The system that runs this, by the variables it is documented to set. Forgejo and Gitea call themselves
    /// GitHub too, so they are asked first.
    pub fn detect(var: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &str| {
            var(name).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "False"))
        };
        let is = |name: &str, wanted: &str| {
            var(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        };
        if set("FORGEJO_ACTIONS") || set("GITEA_ACTIONS") {
            Some(Self::Forgejo)
        } else if set("GITHUB_ACTIONS") {
            Some(Self::Github)
        } else if set("GITLAB_CI") {
            Some(Self::Gitlab)
        } else if set("BUILDKITE") {
            Some(Self::Buildkite)
        } else if set("TEAMCITY_VERSION") {
            Some(Self::Teamcity)
        } else if set("TF_BUILD") {
            Some(Self::Azure)
        } else if set("JENKINS_URL") {
            Some(Self::Jenkins)
        } else if is("CI", "woodpecker") || is("CI_SYSTEM_NAME", "woodpecker") {
            Some(Self::Woodpecker)
        } else if set("CI") {
            Some(Self::Generic)
        } else {
            None
        }
    }
}

/// What a system tells a job by variables: where things are, and where to put them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The checkout, which the paths of annotations are relative to.
    pub workspace: Option<PathBuf>,
    /// GitHub's file for the step's summary.
    pub summary: Option<PathBuf>,
    /// GitHub's file for the step's outputs.
    pub output: Option<PathBuf>,
    /// What tells one Buildkite job's annotation from another's.
    pub job: Option<String>,
}

impl Surroundings {
    /// Reads the variables of a system.
    pub fn of(system: System, var: &dyn Fn(&str) -> Option<String>) -> Self {
        let path = |name: &str| {
            var(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        match system {
            System::Github | System::Forgejo => Self {
                workspace: path("GITHUB_WORKSPACE"),
                summary: path("GITHUB_STEP_SUMMARY"),
                output: path("GITHUB_OUTPUT"),
                job: None,
            },
            System::Azure => Self {
                workspace: path("BUILD_SOURCESDIRECTORY"),
                ..Self::default()
            },
            System::Buildkite => Self {
                workspace: path("BUILDKITE_BUILD_CHECKOUT_PATH"),
                job: var("BUILDKITE_JOB_ID"),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_known_by_its_variables() {
        type Row = (&'static [(&'static str, &'static str)], Option<System>);
        let table: &[Row] = &[
            (&[], None),
            (&[("CI", "false")], None),
            (&[("CI", "")], None),
            (&[("CI", "true")], Some(System::Generic)),
            (
                &[("CI", "true"), ("GITHUB_ACTIONS", "true")],
                Some(System::Github),
            ),
            (&[("GITHUB_ACTIONS", "false")], None),
            (
                &[("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")],
                Some(System::Forgejo),
            ),
            (
                &[("GITHUB_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")],
                Some(System::Forgejo),
            ),
            (
                &[("CI", "true"), ("GITLAB_CI", "true")],
                Some(System::Gitlab),
            ),
            (
                &[("CI", "true"), ("BUILDKITE", "true")],
                Some(System::Buildkite),
            ),
            (&[("TEAMCITY_VERSION", "2025.11")], Some(System::Teamcity)),
            (&[("TF_BUILD", "True")], Some(System::Azure)),
            (
                &[("JENKINS_URL", "https://ci.example/")],
                Some(System::Jenkins),
            ),
            (&[("CI", "woodpecker")], Some(System::Woodpecker)),
            (
                &[("CI", "true"), ("CI_SYSTEM_NAME", "woodpecker")],
                Some(System::Woodpecker),
            ),
        ];
        for (variables, expected) in table {
            let var = |name: &str| {
                let known = variables.iter().find(|(known, _)| *known == name);
                known.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(System::detect(&var), *expected, "{variables:?}");
        }
    }

    #[test]
    fn every_name_is_its_systems() {
        for (name, system) in System::ALL {
            assert_eq!(system.name(), name);
        }
    }
}
