//! What is found in folders of every kind, and that what is written is valid.

use std::fs;
use std::path::Path;

use clap::ValueEnum as _;

use super::*;

/// The pipeline for a folder with these files.
fn written(files: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    let found = below::look(dir.path());
    let text = write::pipeline("shop", &found, &detect::junit_reports(dir.path()), false);
    if let Err(error) = Pipeline::parse(&text, "pipeline.toml") {
        panic!("{}\n{text}", error.render(false));
    }
    text
}

/// The lines of its suites, without comments.
fn suites(files: &[(&str, &str)]) -> String {
    let text = written(files);
    let (_, suites) = text.split_once("[defaults]\n").expect("defaults");
    let lines = suites.lines().skip(1);
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    lines.join("\n")
}

#[test]
fn a_whole_file_for_python() {
    insta::assert_snapshot!(written(&[(
        "pyproject.toml",
        "[tool.pytest.ini_options]\n"
    )]));
}

#[test]
fn an_example_where_nothing_is_found() {
    insta::assert_snapshot!(suites(&[("README.md", "")]), @r#"
    [suites.example]
    command = ["echo", "hello"]
    judge = "exit-code"
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_tool_is_found_by_its_files() {
    let package = |text: &'static str| ("package.json", text);
    let kinds: &[&[(&str, &str)]] = &[
        &[("tests/test_a.py", ""), ("uv.lock", "")],
        &[("conftest.py", ""), (".venv/bin/python", "")],
        &[("go.mod", "module a\n"), ("Cargo.toml", "[package]\n")],
        &[("Cargo.toml", "[package]\n"), (".config/nextest.toml", "")],
        &[
            package(r#"{"devDependencies": {"jest": "30", "mocha": "11"}}"#),
            ("yarn.lock", ""),
        ],
        &[
            package(r#"{"devDependencies": {"@playwright/test": "1"}}"#),
            ("pnpm-lock.yaml", ""),
        ],
        &[package(r#"{"scripts": {"test": "node --test test/"}}"#)],
        &[package(r#"{"scripts": {"test": "lint && node --test"}}"#)],
        &[package(r#"{"scripts": {"test": "./all.sh"}}"#)],
        &[package(
            r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#,
        )],
        &[("CMakeLists.txt", "enable_testing()\n")],
        &[(
            "composer.json",
            r#"{"require-dev": {"phpunit/phpunit": "^12"}}"#,
        )],
        &[("pom.xml", "<project/>"), ("mvnw", "")],
        &[("build.gradle.kts", ""), ("gradlew", "")],
        &[("test/a.bats", ""), ("t/a.t", "")],
        &[("Makefile", "all:\n\ntest: all\n\t./run\n")],
    ];
    let told: Vec<String> = kinds
        .iter()
        .map(|files| {
            let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
            format!("# {}\n{}\n", names.join(" "), suites(files))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    # tests/test_a.py uv.lock
    [suites.pytest]
    command = ["uv", "run", "pytest"]
    judge = "pytest"

    # conftest.py .venv/bin/python
    [suites.pytest]
    command = [".venv/bin/python", "-m", "pytest"]
    judge = "pytest"

    # go.mod Cargo.toml
    [suites.go]
    command = ["go", "test", "-json", "./..."]
    judge = "go-test"
    [suites.cargo]
    command = ["cargo", "test", "--workspace", "--no-fail-fast"]
    judge = "libtest"

    # Cargo.toml .config/nextest.toml
    [suites.nextest]
    command = ["cargo", "nextest", "run", "--workspace", "--no-fail-fast"]
    judge = "nextest"

    # package.json yarn.lock
    [suites.jest]
    command = ["yarn", "run", "jest", "--json", "--outputFile=jest.json"]
    judge = "jest"
    artifacts = ["jest.json"]
    [suites.mocha]
    command = ["yarn", "run", "mocha"]
    judge = "mocha"

    # package.json pnpm-lock.yaml
    [suites.playwright]
    command = ["pnpm", "exec", "playwright", "test", "--reporter=line,junit"]
    judge = "junit"
    artifacts = ["reports/playwright.xml"]
    env = { PLAYWRIGHT_JUNIT_OUTPUT_NAME = "reports/playwright.xml" }

    # package.json
    [suites.node]
    command = ["node", "--test", "test/"]
    judge = "node-test"

    # package.json
    [suites.node]
    command = ["npm", "test"]
    judge = "node-test"

    # package.json
    [suites.npm]
    command = ["npm", "test"]
    judge = "exit-code"

    # package.json
    [suites.example]
    command = ["echo", "hello"]
    judge = "exit-code"

    # CMakeLists.txt
    [suites.build]
    script = """
    cmake -S . -B build
    cmake --build build --parallel
    """
    judge = "exit-code"
    [suites.ctest]
    command = ["ctest", "--test-dir", "build", "--output-on-failure"]
    judge = "ctest"
    needs = ["build"]

    # composer.json
    [suites.phpunit]
    command = ["vendor/bin/phpunit", "--log-junit", "reports/phpunit.xml"]
    judge = "junit"
    artifacts = ["reports/phpunit.xml"]

    # pom.xml mvnw
    [suites.maven]
    command = ["./mvnw", "--batch-mode", "test"]
    judge = "junit"
    artifacts = ["**/target/surefire-reports/TEST-*.xml"]

    # build.gradle.kts gradlew
    [suites.gradle]
    command = ["./gradlew", "cleanTest", "test"]
    judge = "junit"
    artifacts = ["**/build/test-results/test/TEST-*.xml"]

    # test/a.bats t/a.t
    [suites.bats]
    command = ["bats", "--tap", "test"]
    judge = "tap"
    [suites.prove]
    command = ["prove", "-v", "-r", "t"]
    judge = "tap"

    # Makefile
    [suites.test]
    command = ["make", "test"]
    judge = "exit-code"
    "##);
}

#[test]
fn projects_below_are_found_where_nothing_above_runs_them() {
    let files = [
        ("services/api/go.mod", "module a\n"),
        ("services/api/tools/go.mod", "module b\n"),
        (
            "services/shop/pyproject.toml",
            "[tool.pytest.ini_options]\n",
        ),
        ("services/shop/tests/conftest.py", ""),
        ("old/shop/test_a.py", ""),
        (
            "packages/Web UI/package.json",
            r#"{"devDependencies": {"vitest": "4"}}"#,
        ),
        (
            "packages/Web UI/node_modules/a/package.json",
            r#"{"devDependencies": {"jest": "30"}}"#,
        ),
        ("engine/CMakeLists.txt", "enable_testing()\n"),
        ("engine/part/CMakeLists.txt", "enable_testing()\n"),
        ("Cargo.toml", "[workspace]\n"),
        ("crates/one/Cargo.toml", "[package]\n"),
        ("a/b/c/d/go.mod", "module d\n"),
        (".hidden/go.mod", "module h\n"),
    ];
    insta::assert_snapshot!(suites(&files), @r#"
    [suites.cargo]
    command = ["cargo", "test", "--workspace", "--no-fail-fast"]
    judge = "libtest"
    [suites.engine-build]
    cwd = "engine"
    script = """
    cmake -S . -B build
    cmake --build build --parallel
    """
    judge = "exit-code"
    [suites.engine-ctest]
    cwd = "engine"
    command = ["ctest", "--test-dir", "build", "--output-on-failure"]
    judge = "ctest"
    needs = ["engine-build"]
    [suites.shop-pytest]
    cwd = "old/shop"
    command = ["python3", "-m", "pytest"]
    judge = "pytest"
    [suites.web-ui-vitest]
    cwd = "packages/Web UI"
    command = ["npx", "--no-install", "vitest", "run", "--reporter=default", "--reporter=json", "--outputFile.json=reports/vitest.json"]
    judge = "vitest"
    artifacts = ["reports/vitest.json"]
    [suites.api-go]
    cwd = "services/api"
    command = ["go", "test", "-json", "./..."]
    judge = "go-test"
    [suites.services-shop-pytest]
    cwd = "services/shop"
    command = ["python3", "-m", "pytest"]
    judge = "pytest"
    [suites.tools-go]
    cwd = "services/api/tools"
    command = ["go", "test", "-json", "./..."]
    judge = "go-test"
    "#);
}

#[test]
fn reports_that_lie_around_are_named() {
    let report = (
        "target/surefire-reports/TEST-a.xml",
        "<testsuite name='a'/>",
    );
    let text = written(&[report, ("reports/other.xml", "<html/>")]);
    assert!(
        text.contains("# artifacts = [\"target/surefire-reports/*.xml\"]"),
        "{text}"
    );
    assert!(!text.contains("reports/*.xml\", \""), "{text}");
}

#[test]
fn names_of_folders_are_quoted() {
    let text = write::pipeline("a \"b\"\\ü\u{7f}", &[], &[], true);
    let pipeline = Pipeline::parse(&text, "pipeline.toml");
    // A control character is no name; the folder's is cleaned before.
    assert!(pipeline.is_err(), "{text}");
    let text = write::pipeline("a \"b\"\\ü", &[], &[], true);
    assert_eq!(
        Pipeline::parse(&text, "pipeline.toml").expect("valid").name,
        "a \"b\"\\ü"
    );
    assert_eq!(name(Path::new("/")), "tests");
}

#[test]
fn jobs_of_ci_systems_run_the_pipeline() {
    for system in ci::System::value_variants() {
        let dir = tempfile::tempdir().expect("a folder");
        let said = ci::add(dir.path(), *system).expect("written");
        let again = ci::add(dir.path(), *system).expect("kept");
        assert!(
            said.starts_with("wrote  ") && again.contains("which was there"),
            "{again}"
        );
        assert!(again.contains("tribunal"), "{again}");
    }
}
