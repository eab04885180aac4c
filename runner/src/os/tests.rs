//! Tests of what is special to a system.

use super::{Mark, clean_command, signal_name};

fn environ(variables: &[&str]) -> Vec<u8> {
    variables.join("\0").into_bytes()
}

#[test]
fn a_mark_is_found_at_any_depth_and_only_whole() {
    let attempt = Mark::Attempt("r1/unit/2".to_owned());
    let run = Mark::Run("r1".to_owned());
    for (variables, of_attempt, of_run) in [
        (["A=b", "TRIBUNAL_LINEAGE=r1/unit/2"], true, true),
        (["A=b", "TRIBUNAL_LINEAGE=r1/unit/2:r9/x/1"], true, true),
        (["A=b", "TRIBUNAL_LINEAGE=r0/all/1:r1/unit/2"], true, true),
        (["A=b", "TRIBUNAL_LINEAGE=r1/unit/1"], false, true),
        (["A=b", "TRIBUNAL_LINEAGE=r1/unit/22"], false, true),
        (["A=b", "TRIBUNAL_LINEAGE=r11/unit/2"], false, false),
        (["A=b", "TRIBUNAL_RUN_ID=r1"], false, true),
        (["A=b", "TRIBUNAL_RUN_ID=r11"], false, false),
        (["A=TRIBUNAL_RUN_ID=r1", "TRIBUNAL_LINEAGE"], false, false),
        (["A=b", "XTRIBUNAL_LINEAGE=r1/unit/2"], false, false),
    ] {
        let block = environ(&variables);
        assert_eq!(attempt.is_in_environ(&block), of_attempt, "{variables:?}");
        assert_eq!(run.is_in_environ(&block), of_run, "{variables:?}");
    }
    assert!(!run.is_in_environ(b""));
}

#[test]
fn a_command_line_is_safe_to_print() {
    assert_eq!(clean_command("sleep\u{0}30\u{0}"), "sleep 30");
    assert_eq!(clean_command("a\u{1b}[31m\nb"), "a [31m b");
    let long = clean_command(&"x".repeat(300));
    assert_eq!(long.chars().count(), 201);
    assert!(long.ends_with('…'));
}

#[test]
fn signals_have_names() {
    assert_eq!(signal_name(9), "SIGKILL");
    assert_eq!(signal_name(11), "SIGSEGV");
    assert_eq!(signal_name(40), "signal 40");
}

#[cfg(target_os = "linux")]
mod linux {
    use proptest::prelude::*;

    use crate::os::linux::Stat;

    fn line(name: &str, state: char, group: i32, ticks: [u32; 4], threads: u32) -> String {
        let [user, system, child_user, child_system] = ticks;
        format!(
            "7 ({name}) {state} 1 {group} 7 0 -1 4194304 10 20 0 0 {user} {system} {child_user} \
             {child_system} 20 0 {threads} 0 5 1000 2 18446744073709551615\n"
        )
    }

    #[test]
    fn a_zombie_with_living_threads_lives() {
        let dead = |state, threads| {
            Stat::parse(line("x", state, 7, [0; 4], threads).as_bytes())
                .expect("a stat line")
                .dead
        };
        assert!(dead('Z', 1));
        assert!(dead('X', 0));
        assert!(!dead('Z', 3));
        assert!(!dead('T', 1));
    }

    proptest! {
        #[test]
        fn any_name_is_parsed(name in "\\PC{0,20}", group in 1..i32::MAX, ticks: [u16; 4]) {
            let ticks = ticks.map(u32::from);
            let stat = Stat::parse(line(&name, 'S', group, ticks, 1).as_bytes()).expect("a stat line");
            prop_assert_eq!(stat.group, group);
            prop_assert_eq!(stat.ticks, ticks.iter().copied().map(u64::from).sum::<u64>());
            prop_assert!(!stat.dead);
        }

        #[test]
        fn nonsense_is_no_stat_and_no_panic(bytes: Vec<u8>) {
            // A line of a process needs its name in parentheses and 18 fields behind it.
            if Stat::parse(&bytes).is_some() {
                prop_assert!(bytes.len() > 36 && bytes.contains(&b')'));
            }
        }
    }
}
