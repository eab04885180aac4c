//! `tribunal doctor`: can the suites run, here and on their cluster?

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Failure;
use super::check::json;
use crate::config::{Pipeline, clean};
use crate::executor::kubernetes::{self, Examination, Permission, Ward};
use crate::model::ExitStatus;
use crate::plan::{Cluster, Plan, Selection, Target, resolve};

mod local;

use local::{Check, State};

/// Say what this machine and the cluster give, and what is missing
#[derive(Args, Debug)]
#[command(
    long_about = "Say what this machine gives to suites: process handling, limits, disk, judge cache, terminal, the \
        programs that suites start. Where suites run on Kubernetes, ask the cluster what the present credentials may \
        do, permission by permission, in every namespace that suites use.\n\nWhere a permission is missing, the least-privilege Role is printed, ready for \
        `kubectl apply -f -`. Changes nothing, runs nothing.",
    after_help = "\
Examples:
  tribunal doctor                              what is there and what is missing
  tribunal doctor --role | kubectl apply -f -  the Role alone, without asking the cluster
  tribunal doctor --role stream                the Role without what sealed capture needs

Without a pipeline.toml here, only the machine is looked at.

Exit codes: 0 suites can run, 2 the pipeline is invalid, 3 something required is missing or the cluster cannot be reached"
)]
pub(crate) struct DoctorArgs {
    /// The pipeline file
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    pub(crate) pipeline: PathBuf,
    /// Only the Role that a runner needs, for a service account `tribunal-runner`: `sealed` captures with proof,
    /// `stream` needs no `ConfigMaps` and no port-forward
    #[arg(long, value_name = "CAPTURE", value_enum, num_args = 0..=1, default_missing_value = "sealed")]
    pub(crate) role: Option<RoleFor>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = DoctorFormat::Human)]
    pub(crate) format: DoctorFormat,
}

/// The capture that a Role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleFor {
    /// With `ConfigMaps` and port-forward
    Sealed,
    /// The log API alone
    Stream,
}

/// How the findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// Lines for people
    Human,
    /// One JSON object
    Json,
}

#[derive(Serialize)]
struct Findings<'a> {
    version: u32,
    ok: bool,
    local: &'a [Check],
    kubernetes: Option<&'a Examination>,
    error: Option<String>,
}

/// Examines the machine and the cluster of the pipeline; what is wrong with the pipeline goes to `err`.
pub(crate) fn doctor(
    args: &DoctorArgs,
    out: &mut dyn Write,
    err: &mut dyn Write,
    colour: bool,
) -> io::Result<ExitStatus> {
    let is_default = args.pipeline.as_os_str() == "pipeline.toml";
    let plan = if is_default && !args.pipeline.exists() && args.role.is_none() {
        None
    } else {
        match planned(args, err, colour)? {
            Ok(plan) => Some(plan),
            Err(status) => return Ok(status),
        }
    };
    let namespaces = plan.as_ref().map(namespaces).unwrap_or_default();
    if let Some(capture) = args.role {
        return roles(&namespaces, capture == RoleFor::Sealed, out);
    }
    let root = plan
        .as_ref()
        .map_or_else(|| super::project_root(None), |plan| plan.root.clone());
    let local = local::examine(&root, plan.as_ref());
    let cluster = plan.as_ref().and_then(|plan| plan.cluster.as_ref());
    let asked = cluster.map(|cluster| ask(cluster, &namespaces));
    let is_well =
        |asked: &Result<Examination, String>| asked.as_ref().is_ok_and(Examination::is_well);
    let local_ok = local.iter().all(|check| check.state != State::Fail);
    let ok = local_ok && asked.as_ref().is_none_or(is_well);
    if args.format == DoctorFormat::Json {
        let findings = Findings {
            version: 1,
            ok,
            local: &local,
            kubernetes: asked.as_ref().and_then(|asked| asked.as_ref().ok()),
            error: asked
                .as_ref()
                .and_then(|asked| asked.as_ref().err().cloned()),
        };
        json(out, &findings)?;
    } else {
        out.write_all(local::text(&local).as_bytes())?;
        match (&plan, &asked) {
            (None, _) => writeln!(out, "\nno pipeline.toml here; `tribunal init` makes one")?,
            (Some(_), None) => writeln!(out, "\nno suite runs on Kubernetes")?,
            (_, Some(Ok(found))) => write!(out, "\n{}", text(found))?,
            (_, Some(Err(why))) => {
                err.write_all(Failure::errored(why).render(colour).as_bytes())?;
            }
        }
        if !local_ok {
            writeln!(out, "suites cannot run here")?;
        }
    }
    Ok(if ok {
        ExitStatus::Passed
    } else {
        ExitStatus::Errored
    })
}

/// The whole plan; or the exit code of what was said to `err`.
fn planned(
    args: &DoctorArgs,
    err: &mut dyn Write,
    colour: bool,
) -> io::Result<Result<Plan, ExitStatus>> {
    let pipeline = match Pipeline::load(&args.pipeline) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            err.write_all(error.render(colour).as_bytes())?;
            return Ok(Err(ExitStatus::Usage));
        }
    };
    let selection = Selection {
        cores: super::options::cores(),
        ..Selection::default()
    };
    match resolve(&pipeline, &selection) {
        Ok(plan) => Ok(Ok(plan)),
        Err(error) => {
            let failure = Failure::from(error);
            err.write_all(failure.render(colour).as_bytes())?;
            Ok(Err(failure.status()))
        }
    }
}

fn namespaces(plan: &Plan) -> Vec<Option<String>> {
    let mut namespaces: Vec<Option<String>> = plan
        .suites
        .iter()
        .filter_map(|suite| match &suite.target {
            Target::Kubernetes(spec) => Some(spec.namespace.clone()),
            Target::Local => None,
        })
        .collect();
    namespaces.sort();
    namespaces.dedup();
    namespaces
}

fn roles(
    namespaces: &[Option<String>],
    sealed: bool,
    out: &mut dyn Write,
) -> io::Result<ExitStatus> {
    let mut roles: Vec<String> = namespaces
        .iter()
        .map(|name| kubernetes::role(name.as_deref().unwrap_or("default"), None, sealed))
        .collect();
    if roles.is_empty() {
        roles.push(kubernetes::role("default", None, sealed));
    }
    out.write_all(roles.join("---\n").as_bytes())?;
    Ok(ExitStatus::Passed)
}

fn ask(cluster: &Cluster, namespaces: &[Option<String>]) -> Result<Examination, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let connection = kubernetes::connect(cluster)
            .await
            .map_err(|error| error.to_string())?;
        Ok(kubernetes::examine(&connection, namespaces).await)
    })
}

/// The findings for people; the Role at the end where something is missing.
fn text(found: &Examination) -> String {
    let unknown = || "unknown".to_owned();
    let mut text = format!(
        "cluster    {}\nversion    {}\nidentity   {}\n",
        clean(&found.server, 200),
        found.version.clone().unwrap_or_else(unknown),
        found
            .user
            .as_ref()
            .map_or_else(unknown, |user| clean(user, 200)),
    );
    let mut roles = Vec::new();
    for ward in &found.namespaces {
        text.push_str(&namespace(ward));
        if ward.permissions.iter().any(is_missing) {
            roles.push(kubernetes::role(&ward.name, found.user.as_deref(), true));
        }
    }
    text.push_str(match (found.is_well(), roles.is_empty()) {
        (true, true) => "\nsuites can run\n",
        (true, false) => "\nsuites can run, but not with everything; this Role has it:\n\n",
        (false, true) => "\nsuites cannot run\n",
        (false, false) => "\nsuites cannot run; with this Role they can (kubectl apply -f -):\n\n",
    });
    text.push_str(&roles.join("---\n"));
    text
}

fn namespace(ward: &Ward) -> String {
    let there = match ward.exists {
        Some(true) => "exists",
        Some(false) => "MISSING: create it, or change kubernetes.namespace",
        None => "may not be read; taken as there",
    };
    let mut text = format!("\nnamespace {}: {there}\n", clean(&ward.name, 100));
    for permission in &ward.permissions {
        let found = match (permission.allowed, permission.required) {
            (Some(true), _) => "ok",
            (Some(false), true) => "MISSING",
            (Some(false), false) => "missing",
            (None, _) => "unknown",
        };
        let action = format!("{} {}", permission.verb, permission.resource);
        let note = match permission.allowed {
            Some(true) => String::new(),
            Some(false) if permission.required => "no suite can run without it".to_owned(),
            _ => clean(&permission.note, 200),
        };
        let line = format!("  {found:<8} {action:<23} {note}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn is_missing(permission: &Permission) -> bool {
    permission.allowed == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(missing: &[&str], exists: Option<bool>) -> Examination {
        let permission = |verb, resource: &'static str, lost: &str| Permission {
            verb,
            resource,
            required: lost.is_empty(),
            allowed: Some(!missing.contains(&resource)),
            note: lost.to_owned(),
        };
        Examination {
            server: "https://ci.example:6443/".to_owned(),
            version: Some("v1.35.4".to_owned()),
            user: Some("system:serviceaccount:ci:runner".to_owned()),
            namespaces: vec![Ward {
                name: "ci".to_owned(),
                exists,
                permissions: vec![
                    permission("create", "jobs", ""),
                    permission("get", "pods/log", ""),
                    permission("list", "events", "no reasons"),
                ],
            }],
        }
    }

    #[test]
    fn everything_is_there() {
        insta::assert_snapshot!(text(&found(&[], Some(true))), @"
        cluster    https://ci.example:6443/
        version    v1.35.4
        identity   system:serviceaccount:ci:runner

        namespace ci: exists
          ok       create jobs
          ok       get pods/log
          ok       list events

        suites can run
        ");
    }

    #[test]
    fn what_is_missing_is_followed_by_its_cure() {
        let found = found(&["pods/log", "events"], None);
        assert!(!found.is_well());
        insta::assert_snapshot!(text(&found));
    }

    #[test]
    fn a_missing_namespace_is_no_matter_of_roles() {
        let found = found(&[], Some(false));
        assert!(!found.is_well());
        let text = text(&found);
        assert!(
            text.contains("MISSING: create it") && !text.contains("kind: Role"),
            "{text}"
        );
    }
}
