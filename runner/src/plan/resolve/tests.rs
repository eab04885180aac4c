//! Selection, multiplication and needs.

use std::path::Path;

use super::*;
use crate::plan::Command;

fn pipeline(text: &str) -> Pipeline {
    let text = format!("version = 1\n{text}");
    Pipeline::parse(text, Path::new("/p/pipeline.toml")).expect("valid")
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect()
}

fn select(filters: &[&str]) -> Selection {
    Selection {
        filters: filters.iter().map(|text| (*text).to_owned()).collect(),
        cores: 3,
        ..Selection::default()
    }
}

const PIPELINE: &str = r#"
[suites.build]
command = ["make"]
[suites.unit]
command = ["t", "${matrix.py}", "${shard.index}", "${HOME}"]
needs = ["build"]
matrix = { py = ["3.9", "3.13"], os = ["a"] }
shards = 2
cwd = "x/${matrix.os}"
[suites.e2e]
script = "echo ${HOME}"
needs = ["unit"]
labels = { team = "pay" }
"#;

#[test]
fn variants_come_in_order_with_their_variables_filled_in() {
    let plan = resolve(&pipeline(PIPELINE), &select(&[])).expect("a plan");
    assert_eq!(
        names(&plan),
        [
            "build",
            "unit[py=3.9,os=a,shard=1/2]",
            "unit[py=3.9,os=a,shard=2/2]",
            "unit[py=3.13,os=a,shard=1/2]",
            "unit[py=3.13,os=a,shard=2/2]",
            "e2e",
        ]
    );
    let last = &plan.suites[4];
    assert_eq!(
        last.command,
        Command::Argv(["t", "3.13", "1", "${HOME}"].map(str::to_owned).to_vec())
    );
    assert_eq!(last.cwd, Path::new("/p/x/a"));
    assert_eq!(last.slug, "unit-py-3.13-os-a-shard-2-2");
    assert_eq!(plan.suites[5].needs, [1, 2, 3, 4]);
    assert_eq!(
        plan.suites[5].command,
        Command::Script("echo ${HOME}".into())
    );
    assert_eq!((plan.jobs, plan.pipeline.as_str()), (3, "p"));
}

#[test]
fn filters_select_by_base_or_full_name_and_bring_what_is_needed() {
    let pipeline = pipeline(PIPELINE);
    let chosen =
        |filters: &[&str]| resolve(&pipeline, &select(filters)).map(|plan| plan.suites.len());
    assert_eq!(chosen(&["build"]), Ok(1));
    assert_eq!(chosen(&["unit[py=3.9,*1/2]"]), Ok(2));
    assert_eq!(chosen(&["unit[py=3.9,os=a,shard=1/2]"]), Ok(2));
    assert_eq!(chosen(&["e2*"]), Ok(6));
    let by_label = Selection {
        labels: vec![("team".into(), "pay".into())],
        ..select(&[])
    };
    assert_eq!(
        resolve(&pipeline, &by_label).map(|plan| plan.suites.len()),
        Ok(6)
    );
    let none = resolve(&pipeline, &select(&["bild"]))
        .expect_err("no such suite")
        .to_string();
    assert_eq!(none, "no suite is selected: bild; did you mean \"build\"?");
    assert!(matches!(
        resolve(&pipeline, &select(&["{"])),
        Err(PlanError::BadFilter { .. })
    ));
}

#[test]
fn only_the_judges_in_use_are_in_the_plan() {
    let pipeline = pipeline(
        "[judges.mine]\npath = 'm.wasm'\n[judges.other]\npath = 'o.wasm'\n[suites.a]\ncommand = ['x']\njudge = 'mine'",
    );
    let plan = resolve(&pipeline, &select(&[])).expect("a plan");
    assert_eq!(plan.judges.keys().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn names_that_look_alike_get_directories_of_their_own() {
    let plan = resolve(
        &pipeline("[suites.'a.b']\ncommand = ['x']\nmatrix = { v = ['1/2', '1 2', '..'] }"),
        &select(&[]),
    )
    .expect("a plan");
    let slugs: Vec<&str> = plan
        .suites
        .iter()
        .map(|suite| suite.slug.as_str())
        .collect();
    assert_eq!(slugs, ["a.b-v-1-2", "a.b-v-1-2-2", "a.b-v"]);
}
