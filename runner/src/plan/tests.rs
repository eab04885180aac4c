//! Tests of resolving: selection, needs, names, overrides.

use super::*;
use crate::config::Pipeline;
use crate::model::ExitStatus;

const PIPELINE: &str = r#"version = 1
[run]
jobs = 3
[suites.build]
command = ["make"]
matrix = { os = ["linux", "mac"] }
[suites.unit]
command = ["pytest"]
needs = ["build"]
matrix = { python = ["3.11", "3.13"] }
shards = 2
labels = { team = "pay", tier = "1" }
retries = { infra = 5 }
[suites.e2e]
command = ["e2e"]
needs = ["unit", "seed"]
labels = { team = "web" }
[suites.seed]
command = ["seed"]
[suites.api-lint]
command = ["ruff"]
labels = { team = "pay" }
artifacts = ["${matrix.dir}/*.txt"]
matrix = { dir = ["a[1]"] }
[report]
json = "out.json"
"#;

fn pipeline() -> Pipeline {
    Pipeline::parse(PIPELINE, "/srv/shop/pipeline.toml").expect("right")
}

fn plan_of(filters: &[&str], labels: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let own = |text: &&str| (*text).to_owned();
    resolve(
        &pipeline(),
        &Selection {
            filters: filters.iter().map(own).collect(),
            labels: labels
                .iter()
                .map(|(key, value)| (own(key), own(value)))
                .collect(),
            cores: 2,
            ..Selection::default()
        },
    )
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect()
}

/// The names that were asked for, without what came along.
fn asked(filters: &[&str], labels: &[(&str, &str)]) -> Vec<String> {
    let plan = plan_of(filters, labels).expect("something");
    let keep = |(index, suite): (usize, &Arc<Suite>)| {
        (!plan.added.contains(&index)).then(|| suite.name.clone())
    };
    plan.suites.iter().enumerate().filter_map(keep).collect()
}

#[test]
fn everything_in_the_order_of_the_file() {
    let plan = plan_of(&[], &[]).expect("everything");
    assert_eq!(
        names(&plan),
        [
            "build[os=linux]",
            "build[os=mac]",
            "unit[python=3.11,shard=1/2]",
            "unit[python=3.11,shard=2/2]",
            "unit[python=3.13,shard=1/2]",
            "unit[python=3.13,shard=2/2]",
            "e2e",
            "seed",
            "api-lint[dir=a[1]]",
        ]
    );
    assert!(plan.added.is_empty());
    // Whoever is needed may stand further down.
    assert_eq!(
        plan.suites.get(6).map(|suite| suite.needs.clone()),
        Some(vec![2, 3, 4, 5, 7])
    );
    let shard = plan.suites.get(3).expect("there");
    assert_eq!(
        shard.env.get("TRIBUNAL_SHARD_INDEX").map(String::as_str),
        Some("1")
    );
    assert_eq!(
        shard.env.get("TRIBUNAL_SHARD_TOTAL").map(String::as_str),
        Some("2")
    );
}

#[test]
fn filters_are_names_base_names_or_globs() {
    let unit_313 = ["unit[python=3.13,shard=1/2]", "unit[python=3.13,shard=2/2]"];
    assert_eq!(asked(&["unit[python=3.13*"], &[]), unit_313);
    assert_eq!(asked(&["*python=3.13*"], &[]), unit_313);
    assert_eq!(asked(&["unit"], &[]).len(), 4);
    assert_eq!(asked(&["build[os=mac]"], &[]), ["build[os=mac]"]);
    assert_eq!(asked(&["api-lint[dir=a[1]]"], &[]).len(), 1);
    assert_eq!(asked(&["{seed,e2e}"], &[]), ["e2e", "seed"]);
    assert_eq!(asked(&["see?", "e2e"], &[]), ["e2e", "seed"]);
    assert_eq!(asked(&["*"], &[]).len(), 9);
}

#[test]
fn labels_must_all_match() {
    assert_eq!(asked(&[], &[("team", "pay")]).len(), 5);
    assert_eq!(asked(&[], &[("team", "pay"), ("tier", "1")]).len(), 4);
    assert_eq!(asked(&["api*"], &[("team", "pay")]).len(), 1);
}

#[test]
fn what_is_needed_comes_along_and_is_said() {
    let plan = plan_of(&["e2e"], &[]).expect("e2e");
    assert_eq!(plan.suites.len(), 8);
    assert_eq!(plan.added, [0, 1, 2, 3, 4, 5, 7]);
    let plan = plan_of(&["unit[python=3.11,shard=1/2]", "build[os=mac]"], &[]).expect("two");
    assert_eq!(
        names(&plan),
        [
            "build[os=linux]",
            "build[os=mac]",
            "unit[python=3.11,shard=1/2]"
        ]
    );
    assert_eq!(plan.added, [0]);
    assert_eq!(
        plan.suites.get(2).map(|suite| suite.needs.clone()),
        Some(vec![0, 1])
    );
}

#[test]
fn nothing_selected_names_what_there_is() {
    let error = plan_of(&["seed", "unti"], &[]).expect_err("no unti");
    assert_eq!(error.exit_status(), ExitStatus::Empty);
    insta::assert_snapshot!(error, @r#"no suite matches "unti""#);
    let error = plan_of(&["unit[python=3.12]"], &[]).expect_err("no 3.12");
    insta::assert_snapshot!(error, @r#"no suite matches "unit[python=3.12]""#);
    let error = plan_of(&["seed"], &[("team", "pay")]).expect_err("no label");
    assert_eq!(error.exit_status(), ExitStatus::Empty);
    insta::assert_snapshot!(error, @"no suite of those that the filters match has the label team=pay");
    let error = plan_of(&["{seed"], &[]).expect_err("no glob");
    assert_eq!(error.exit_status(), ExitStatus::Usage);
    insta::assert_snapshot!(error, @r#"
    "{seed" is not a name or glob of suites: unclosed alternate group; missing '}'
    "#);
}

#[test]
fn the_command_line_wins() {
    let selection = Selection {
        jobs: Some(7),
        fail_fast: Some(true),
        retries: Some(4),
        reports: vec![ReportTarget {
            format: ReportFormat::Json,
            path: "/elsewhere.json".into(),
        }],
        ..Selection::default()
    };
    let plan = resolve(&pipeline(), &selection).expect("everything");
    assert_eq!((plan.jobs, plan.fail_fast), (7, true));
    assert_eq!(plan.reports, selection.reports);
    let unit = plan.suites.get(2).expect("there");
    assert_eq!((unit.retries.infra, unit.retries.failed), (5, 4));

    let bare = resolve(&pipeline(), &Selection::default()).expect("everything");
    assert_eq!((bare.jobs, bare.fail_fast), (3, false));
    assert_eq!(bare.reports.len(), 1);
    let mut without = pipeline();
    without.jobs = None;
    let jobs = |cores| {
        let selection = Selection {
            cores,
            ..Selection::default()
        };
        resolve(&without, &selection).expect("everything").jobs
    };
    assert_eq!((jobs(6), jobs(0)), (6, 1));
}

#[test]
fn a_selection_does_not_move_a_suites_files() {
    let all = plan_of(&[], &[]).expect("everything");
    let one = plan_of(&["seed"], &[]).expect("seed");
    let slug = |plan: &Plan| {
        let seed = plan.suites.iter().find(|suite| suite.name == "seed");
        seed.map(|suite| suite.slug.clone())
    };
    assert_eq!(slug(&all), slug(&one));
}

#[test]
fn a_matrix_value_is_no_pattern_in_a_glob() {
    let plan = plan_of(&["api-lint"], &[]).expect("api-lint");
    let globs = plan.suites.first().map(|suite| suite.artifacts.clone());
    assert_eq!(globs, Some(vec!["a[[]1[]]/*.txt".to_owned()]));
}

#[test]
fn only_judges_in_use_are_in_the_plan() {
    let plan = plan_of(&["seed"], &[]).expect("seed");
    let judges: Vec<&String> = plan.judges.keys().collect();
    assert_eq!(judges, ["exit-code"]);
}
