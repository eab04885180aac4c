//! Whether suites can be captured sealed on this cluster: asked once, before a run.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;

use super::super::client::{Connection, REQUEST};
use super::super::doctor;
use crate::plan::{
    ARCH_LABEL, CaptureMode, KubernetesSpec, Plan, SEALED_ARCHITECTURES, Suite, Target,
};

/// What the cluster allows.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The architecture of nodes that suites do not choose; or why there is no seal for any.
    arch: Option<Result<String, String>>,
    /// Why not, by namespace; a namespace that is not in here allows it.
    refused: BTreeMap<String, String>,
}

/// How a suite is captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Choice {
    /// With the program for this architecture.
    Sealed { arch: String },
    /// Over the log API; why, where that was not the pipeline's wish.
    Stream { because: Option<String> },
}

/// Asks the cluster what sealed capture needs to know: its architectures, and what the credentials may do in each namespace of the plan's suites. Nothing is asked where no suite could be sealed.
pub async fn survey(connection: &Connection, plan: &Plan) -> Survey {
    let wanted: BTreeSet<String> = on_cluster(plan)
        .filter(|(suite, spec)| may_be_sealed(suite, spec))
        .map(|(_, spec)| namespace(connection, spec))
        .collect();
    let mut survey = Survey::default();
    if wanted.is_empty() {
        return survey;
    }
    let client = &connection.client;
    let (version, nodes) = tokio::join!(
        tokio::time::timeout(REQUEST, client.apiserver_version()),
        architectures(connection),
    );
    let version = version.ok().and_then(Result::ok);
    let platform = version.as_ref().map(|info| info.platform.as_str());
    survey.arch = Some(choose(nodes.as_ref(), platform.unwrap_or("linux/amd64")));
    for name in wanted {
        if let Some(why) = forbidden(connection, &name).await {
            survey.refused.insert(name, why);
        }
    }
    survey
}

impl Survey {
    /// How `suite` is captured in `namespace`.
    pub(in super::super) fn choose(
        &self,
        namespace: &str,
        suite: &Suite,
        spec: &KubernetesSpec,
    ) -> Choice {
        if spec.capture == CaptureMode::Stream {
            return Choice::Stream { because: None };
        }
        match self.sealed(namespace, suite, spec) {
            Ok(arch) => Choice::Sealed { arch },
            Err(why) => Choice::Stream { because: Some(why) },
        }
    }

    fn sealed(
        &self,
        namespace: &str,
        suite: &Suite,
        spec: &KubernetesSpec,
    ) -> Result<String, String> {
        if let Some(why) = spec.never_sealed(&suite.command) {
            return Err(why);
        }
        if let Some(why) = self.refused.get(namespace) {
            return Err(why.clone());
        }
        match (spec.selected(ARCH_LABEL), &self.arch) {
            (Some(arch), _) => Ok(arch.to_owned()),
            (None, Some(found)) => found.clone(),
            (None, None) => Err("the cluster was not asked".to_owned()),
        }
    }

    /// Suites whose pipeline demands sealed capture where it cannot be: a sentence for people.
    pub fn broken_demands(&self, connection: &Connection, plan: &Plan) -> Option<String> {
        on_cluster(plan).find_map(|(suite, spec)| {
            let demanded = spec.capture == CaptureMode::Sealed;
            let found = self.sealed(&namespace(connection, spec), suite, spec);
            let why = found.err().filter(|_| demanded)?;
            Some(format!(
                "suite \"{}\" says capture = \"sealed\", and that cannot be: {why}; write \"auto\" to take what \
                 can be had",
                suite.name
            ))
        })
    }

    /// What suites that would be sealed are captured by instead, and why: a sentence for each reason.
    pub fn notes(&self, connection: &Connection, plan: &Plan) -> Vec<String> {
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (suite, spec) in on_cluster(plan) {
            if let Choice::Stream { because: Some(why) } =
                self.choose(&namespace(connection, spec), suite, spec)
            {
                reasons.entry(why).or_default().push(&suite.name);
            }
        }
        let sentence = |(why, names): (String, Vec<&str>)| {
            let who = match names.as_slice() {
                [one] => format!("suite {one} is"),
                [one, rest @ ..] => format!("suite {one} and {} more are", rest.len()),
                [] => String::new(),
            };
            format!("{who} captured over the log API (stream), not sealed: {why}")
        };
        reasons.into_iter().map(sentence).collect()
    }
}

fn on_cluster(plan: &Plan) -> impl Iterator<Item = (&Suite, &KubernetesSpec)> {
    plan.suites.iter().filter_map(|suite| match &suite.target {
        Target::Kubernetes(spec) => Some((&**suite, &**spec)),
        Target::Local => None,
    })
}

fn may_be_sealed(suite: &Suite, spec: &KubernetesSpec) -> bool {
    spec.capture != CaptureMode::Stream && spec.never_sealed(&suite.command).is_none()
}

fn namespace(connection: &Connection, spec: &KubernetesSpec) -> String {
    let name = spec.namespace.as_ref();
    name.unwrap_or(&connection.namespace).clone()
}

/// The architectures of the Linux nodes, where they may be listed.
async fn architectures(connection: &Connection) -> Option<BTreeSet<String>> {
    let nodes: Api<Node> = Api::all(connection.client.clone());
    let params = ListParams::default().limit(500);
    let list = tokio::time::timeout(REQUEST, nodes.list_metadata(&params)).await;
    let list = list.ok()?.ok()?;
    let label = |labels: &BTreeMap<String, String>, key: &str| labels.get(key).cloned();
    let labels = list
        .items
        .iter()
        .filter_map(|node| node.metadata.labels.as_ref());
    let linux =
        labels.filter(|labels| label(labels, "kubernetes.io/os").is_none_or(|os| os == "linux"));
    Some(
        linux
            .filter_map(|labels| label(labels, ARCH_LABEL))
            .collect(),
    )
}

/// `platform`: what the API server runs on, as the next best guess.
fn choose(nodes: Option<&BTreeSet<String>>, platform: &str) -> Result<String, String> {
    let guess = platform.rsplit('/').next().unwrap_or("amd64");
    let known = SEALED_ARCHITECTURES.into_iter();
    match nodes {
        Some(found) if found.is_empty() => {
            Err("the cluster has no Linux node, and the seal is for Linux".to_owned())
        }
        Some(found) => {
            let mut fits = known.filter(|arch| found.contains(*arch));
            let fit = fits.next().map(str::to_owned);
            fit.ok_or_else(|| {
                let all: Vec<&str> = found.iter().map(String::as_str).collect();
                format!(
                    "there is no seal for nodes of architecture {}",
                    all.join(", ")
                )
            })
        }
        None => Ok(known
            .clone()
            .find(|arch| *arch == guess)
            .unwrap_or("amd64")
            .to_owned()),
    }
}

/// What the credentials lack.
async fn forbidden(connection: &Connection, namespace: &str) -> Option<String> {
    let asked = doctor::SEALED
        .iter()
        .map(|(group, resource, verb, _)| async move {
            let allowed = doctor::may(connection, namespace, group, resource, verb).await;
            // A server that does not say may allow it: what it refuses then is told then.
            (allowed == Ok(false)).then(|| format!("{verb} {resource}"))
        });
    let missing: Vec<String> = futures::future::join_all(asked)
        .await
        .into_iter()
        .flatten()
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "in namespace {namespace} the credentials may not {}; `tribunal doctor` prints the Role",
            missing.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_is_that_of_the_nodes_or_guessed() {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let of = |names: &[&str]| choose(Some(&set(names)), "linux/arm64");
        assert_eq!(of(&["arm64"]), Ok("arm64".to_owned()));
        assert_eq!(of(&["amd64", "arm64"]), Ok("amd64".to_owned()));
        assert!(of(&["s390x"]).is_err_and(|why| why.contains("s390x")));
        assert!(of(&[]).is_err_and(|why| why.contains("Linux")));
        assert_eq!(choose(None, "linux/arm64"), Ok("arm64".to_owned()));
        assert_eq!(choose(None, "linux/ppc64le"), Ok("amd64".to_owned()));
    }
}
