//! How an attempt ended is the truth.

use std::time::Duration;

use tribunal::event::Phase;
use tribunal::executor::Cancel;
use tribunal::model::{Completeness, EndState};

use crate::rig::Rig;

/// Its child needs a moment to clean up when it is asked to end; itself it ends at once.
const FAMILY: &str = "import os, signal, time\n\
    def clean(*_): time.sleep(0.3); os.write(1, b'cleaned\\n'); os._exit(0)\n\
    def leave(*_): os._exit(0)\n\
    child = os.fork() == 0\n\
    signal.signal(signal.SIGTERM, clean if child else leave)\n\
    if child: os.write(1, b'on\\n')\n\
    while True: signal.pause()\n";

#[tokio::test]
async fn an_exit_code_is_kept() {
    for code in [0, 1, 77, 255] {
        let outcome = Rig::script(&format!("exit {code}")).run().await;
        assert_eq!(outcome.end(), &EndState::Exited { code });
    }
}

#[tokio::test]
async fn what_runs_for_a_moment_is_said_to_run() {
    let outcome = Rig::script("sleep 0.2").run().await;
    assert_eq!(outcome.phases, [Phase::Running]);
}

#[tokio::test]
async fn a_signal_of_its_own_is_named() {
    for (number, name) in [(11, "SIGSEGV"), (9, "SIGKILL"), (15, "SIGTERM")] {
        let outcome = Rig::script(&format!("ulimit -c 0; kill -{number} $$"))
            .run()
            .await;
        let expected = EndState::Signaled {
            signal: number,
            name: name.to_owned(),
            core_dumped: false,
        };
        assert_eq!(outcome.end(), &expected);
    }
}

#[tokio::test]
async fn a_timeout_asks_first_and_what_is_said_then_is_kept() {
    let rig = Rig::script("trap 'echo bye; exit 0' TERM; echo on; sleep 60 & wait")
        .with(|suite| suite.timeout = Duration::from_millis(1_500));
    let outcome = rig.run().await;
    assert_eq!(outcome.end(), &EndState::TimedOut { limit_ms: 1_500 });
    assert_eq!(outcome.text(), "on\nbye\n");
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    assert!(outcome.took < Duration::from_secs(8), "{:?}", outcome.took);
}

#[tokio::test]
async fn who_ignores_term_is_killed_after_the_grace() {
    let rig = Rig::script("trap '' TERM; echo on; while :; do sleep 0.01; done").with(|suite| {
        suite.timeout = Duration::from_secs(1);
        suite.grace = Duration::from_millis(400);
    });
    let outcome = rig.run().await;
    assert_eq!(outcome.end(), &EndState::TimedOut { limit_ms: 1_000 });
    assert!(outcome.took >= Duration::from_millis(1_400));
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn who_stopped_itself_still_acts_on_term() {
    let text = "trap 'echo woke; exit 0' TERM; echo on; kill -STOP $$; echo never";
    let rig = Rig::script(text).with(|suite| suite.timeout = Duration::from_secs(1));
    let outcome = rig.run().await;
    assert_eq!(outcome.end(), &EndState::TimedOut { limit_ms: 1_000 });
    assert!(
        outcome.text().starts_with("on\nwoke\n"),
        "{}",
        outcome.text()
    );
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn the_whole_group_gets_its_grace() {
    let outcome = Rig::python(FAMILY)
        .run_while(async |control| {
            control.speaks().await;
            control.cancel(Cancel::Graceful("SIGINT".to_owned()));
        })
        .await;
    let reason = "SIGINT".to_owned();
    assert_eq!(outcome.end(), &EndState::Cancelled { reason });
    assert_eq!(outcome.text(), "on\ncleaned\n");
    assert!(outcome.termination.leftovers.is_empty());
}

#[tokio::test]
async fn a_kill_is_at_once() {
    let rig = Rig::script("trap '' TERM INT; echo on; while :; do sleep 0.01; done");
    let outcome = rig
        .run_while(async |control| {
            control.speaks().await;
            control.cancel(Cancel::Kill("SIGINT twice".to_owned()));
        })
        .await;
    let reason = "SIGINT twice".to_owned();
    assert_eq!(outcome.end(), &EndState::Cancelled { reason });
    assert!(outcome.took < Duration::from_secs(2), "{:?}", outcome.took);
}

#[tokio::test]
async fn a_kill_cuts_a_grace_short() {
    let rig = Rig::script("trap '' TERM INT; echo on; while :; do sleep 0.01; done");
    let outcome = rig
        .run_while(async |control| {
            control.speaks().await;
            control.cancel(Cancel::Graceful("first".to_owned()));
            tokio::time::sleep(Duration::from_millis(200)).await;
            control.cancel(Cancel::Kill("second".to_owned()));
        })
        .await;
    // The first reason stands: it is why the attempt ended.
    let reason = "first".to_owned();
    assert_eq!(outcome.end(), &EndState::Cancelled { reason });
    assert!(outcome.took < Duration::from_secs(3), "{:?}", outcome.took);
}

#[tokio::test]
async fn who_ended_before_the_cancel_ended_by_itself() {
    // Its background child holds the output, so the attempt is still draining when the cancel comes.
    let rig = Rig::script("sleep 30 & echo on; exit 3");
    let outcome = rig
        .run_while(async |control| {
            control.speaks().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            control.cancel(Cancel::Graceful("late".to_owned()));
        })
        .await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 3 });
    assert_eq!(outcome.capture.completeness, Completeness::Cut);
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn who_is_cancelled_before_the_start_never_starts() {
    let rig = Rig::script("touch started");
    let (cancel, receiver) = tokio::sync::watch::channel(Cancel::Graceful("fail-fast".to_owned()));
    let dir = rig.cwd().to_owned();
    let (output, capture) = tribunal::capture::create(&dir);
    let (phase, _phases) = tokio::sync::mpsc::unbounded_channel();
    let cx = tribunal::executor::AttemptContext {
        run: "r".to_owned(),
        attempt: 1,
        dir: dir.clone(),
        output,
        artifacts: tokio::sync::oneshot::channel().0,
        cancel: receiver,
        phase,
        observed: tokio::sync::mpsc::unbounded_channel().0,
    };
    let executor = tribunal::executor::local::LocalExecutor;
    let termination = tribunal::executor::Executor::execute(&executor, &rig.suite, cx).await;
    drop(cancel);
    let reason = "fail-fast".to_owned();
    assert_eq!(termination.end, EndState::Cancelled { reason });
    assert_eq!(
        capture.ended().await.completeness,
        Completeness::Unavailable
    );
    assert!(!dir.join("started").exists());
}

#[tokio::test]
async fn times_are_measured() {
    let text =
        "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass";
    let outcome = Rig::python(text).run().await;
    let cpu = outcome.termination.cpu_ms.expect("Linux tells");
    assert!((300..2_000).contains(&cpu), "{cpu} ms of CPU");
    assert!(outcome.termination.duration_ms >= 300);
    assert!(outcome.termination.place.starts_with("pid "));
}
