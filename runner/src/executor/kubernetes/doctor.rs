//! What the present credentials may do, permission by permission, and the Role with just what is needed.

use std::fmt::Write as _;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;
use serde::Serialize;

use super::client::{Connection, REQUEST, chain};

/// What is asked of the API, and what is lost without it; an empty text: nothing works without it.
const NEEDS: [(&str, &str, &str, &str); 12] = [
    ("batch", "jobs", "create", ""),
    ("batch", "jobs", "get", ""),
    ("batch", "jobs", "list", ""),
    ("batch", "jobs", "watch", ""),
    ("batch", "jobs", "delete", ""),
    (
        "batch",
        "jobs",
        "patch",
        "Jobs carry no heartbeat: others cannot tell that their run still lives",
    ),
    ("", "pods", "list", ""),
    ("", "pods", "watch", ""),
    (
        "",
        "pods",
        "patch",
        "a suite that is timed out or cancelled is deleted at once, with the end of its log",
    ),
    (
        "",
        "pods",
        "delete",
        "a second Ctrl-C cannot shorten a pod's grace",
    ),
    ("", "pods/log", "get", ""),
    (
        "",
        "events",
        "list",
        "no reasons why a pod is not made or not scheduled, and more output is `unverified`",
    ),
];

/// What sealed capture needs besides; without it the log API is what is left.
pub(super) const SEALED: [(&str, &str, &str, &str); 4] = [
    ("", "configmaps", "create", UNSEALED),
    ("", "configmaps", "delete", UNSEALED),
    ("", "pods/portforward", "get", UNSEALED),
    // For web sockets, from Kubernetes 1.35 on.
    ("", "pods/portforward", "create", UNSEALED),
];
const UNSEALED: &str =
    "output is captured over the log API (stream), not sealed: no proof, no artifacts";

/// What `tribunal doctor` found.
#[derive(Clone, Debug, Serialize)]
pub struct Examination {
    /// The API server.
    pub server: String,
    /// Its version, where it may be read.
    pub version: Option<String>,
    /// Who the credentials belong to, where the server tells.
    pub user: Option<String>,
    /// The namespaces that suites use.
    pub namespaces: Vec<Ward>,
}

/// One namespace.
#[derive(Clone, Debug, Serialize)]
pub struct Ward {
    /// Its name.
    pub name: String,
    /// Whether it exists; `None`: that may not be read.
    pub exists: Option<bool>,
    /// What was asked about.
    pub permissions: Vec<Permission>,
}

/// One verb on one resource.
#[derive(Clone, Debug, Serialize)]
pub struct Permission {
    /// `create`, `get`, …
    pub verb: &'static str,
    /// `jobs`, `pods`, `pods/log`, `events`.
    pub resource: &'static str,
    /// Whether no suite can run without it.
    pub required: bool,
    /// `None`: the server did not say, or it is.
    pub allowed: Option<bool>,
    /// What is lost without it, or why the server did not say.
    pub note: String,
}

impl Examination {
    /// Whether suites can run: every namespace is there and nothing required is missing.
    pub fn is_well(&self) -> bool {
        self.namespaces.iter().all(|ward| {
            ward.exists != Some(false)
                && ward
                    .permissions
                    .iter()
                    .all(|permission| !permission.required || permission.allowed != Some(false))
        })
    }
}

/// Asks the server about itself, the user, and each of `namespaces` (`None`: that of the context).
pub async fn examine(connection: &Connection, namespaces: &[Option<String>]) -> Examination {
    let client = &connection.client;
    let version = tokio::time::timeout(REQUEST, client.apiserver_version()).await;
    let version = version.ok().and_then(Result::ok);
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let params = PostParams::default();
    let review = SelfSubjectReview::default();
    let user = tokio::time::timeout(REQUEST, reviews.create(&params, &review)).await;
    let user = user
        .ok()
        .and_then(Result::ok)
        .and_then(|review| review.status?.user_info?.username);
    let mut names: Vec<String> = namespaces
        .iter()
        .map(|name| name.as_ref().unwrap_or(&connection.namespace).clone())
        .collect();
    names.sort();
    names.dedup();
    let mut wards = Vec::new();
    for name in names {
        wards.push(ward(connection, name).await);
    }
    Examination {
        server: connection.server.clone(),
        version: version.map(|info| info.git_version),
        user,
        namespaces: wards,
    }
}

async fn ward(connection: &Connection, name: String) -> Ward {
    let spaces: Api<Namespace> = Api::all(connection.client.clone());
    let exists = match tokio::time::timeout(REQUEST, spaces.get_opt(&name)).await {
        Ok(Ok(found)) => Some(found.is_some()),
        _ => None,
    };
    let mut permissions = Vec::new();
    for (group, resource, verb, lost) in NEEDS.into_iter().chain(SEALED) {
        let (allowed, why) = match may(connection, &name, group, resource, verb).await {
            Ok(allowed) => (Some(allowed), lost.to_owned()),
            Err(why) => (None, why),
        };
        permissions.push(Permission {
            verb,
            resource,
            required: lost.is_empty(),
            allowed,
            note: why,
        });
    }
    Ward {
        name,
        exists,
        permissions,
    }
}

pub(super) async fn may(
    connection: &Connection,
    namespace: &str,
    group: &str,
    resource: &str,
    verb: &str,
) -> Result<bool, String> {
    let (resource, part) = match resource.split_once('/') {
        Some((resource, part)) => (resource, Some(part.to_owned())),
        None => (resource, None),
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(group.to_owned()),
                namespace: Some(namespace.to_owned()),
                resource: Some(resource.to_owned()),
                subresource: part,
                verb: Some(verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(connection.client.clone());
    let params = PostParams::default();
    match tokio::time::timeout(REQUEST, reviews.create(&params, &review)).await {
        Ok(Ok(review)) => Ok(review.status.is_some_and(|status| status.allowed)),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err("no answer within 30s".to_owned()),
    }
}

/// The least-privilege Role for suites in `namespace`, bound to `user`, as YAML for `kubectl apply -f -`.
///
/// `user` is a name as the API server writes it: `system:serviceaccount:NAMESPACE:NAME` becomes a
/// service account. None: the binding names a service account `tribunal-runner`.
///
/// `sealed`: with what sealed capture needs.
pub fn role(namespace: &str, user: Option<&str>, sealed: bool) -> String {
    let mut text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: tribunal-runner\n  \
         namespace: {namespace}\nrules:\n"
    );
    let mut rules: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let besides: &[_] = if sealed { &SEALED } else { &[] };
    for (group, resource, verb, _) in NEEDS.iter().chain(besides).copied() {
        match rules.iter_mut().find(|(_, known, _)| *known == resource) {
            Some((_, _, verbs)) => verbs.push(verb),
            None => rules.push((group, resource, vec![verb])),
        }
    }
    for (group, resource, verbs) in rules {
        // Writing to a String cannot fail.
        writeln!(
            text,
            "  - apiGroups: [\"{group}\"]\n    resources: [\"{resource}\"]\n    verbs: [\"{}\"]",
            verbs.join("\", \"")
        )
        .ok();
    }
    let account = match user.map(|user| user.strip_prefix("system:serviceaccount:")) {
        Some(Some(account)) => account.split_once(':'),
        None => Some((namespace, "tribunal-runner")),
        Some(None) => None,
    };
    let subject = match (account, user) {
        (Some((space, name)), _) => {
            format!("  - kind: ServiceAccount\n    name: {name}\n    namespace: {space}\n")
        }
        (None, user) => format!(
            "  - kind: User\n    name: {}\n    apiGroup: rbac.authorization.k8s.io\n",
            serde_json::Value::from(user.unwrap_or_default())
        ),
    };
    write!(
        text,
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: tribunal-runner\n  \
         namespace: {namespace}\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  \
         name: tribunal-runner\nsubjects:\n{subject}"
    )
    .ok();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_has_just_what_is_asked_for() {
        insta::assert_snapshot!(role("ci", Some("system:serviceaccount:runners:bot"), true));
    }

    #[test]
    fn people_are_users_and_nobody_is_a_service_account() {
        let user = role("ci", Some("anna@example.com"), true);
        assert!(
            user.contains("kind: User\n    name: \"anna@example.com\""),
            "{user}"
        );
        let nobody = role("ci", None, false);
        assert!(
            nobody.contains("kind: ServiceAccount\n    name: tribunal-runner\n    namespace: ci"),
            "{nobody}"
        );
    }
}
