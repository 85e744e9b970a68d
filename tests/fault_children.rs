//! The fault matrix, first half: everything that a CLI can do wrong as a process, played by real
//! children under the real program. For each fault and each vendor's wire format: the class, the
//! exit code, what is printed, what is written down, and that no process and no folder is left.
//!
//! Where else such a child is put to the test, one layer below (the supervisor alone, its clocks
//! frozen where time matters):
//!
//! | Fault | One layer below |
//! |---|---|
//! | hang before output, hang in mid-answer, trickle, ignored SIGTERM | `process_clocks` |
//! | the same beside two that work, as a whole run | `run_failures::a_child_that_hangs_…` |
//! | flood of stdout, of stderr, of both; a line of 200 MB; memory | `process_flood` |
//! | grandchild that holds a pipe, a file, nothing; that leaves the group | `process_leaks`, `process_watchdog` |
//! | stdout closed early, invalid UTF-8 | `process_output` |
//! | stdin never read, closed early | `process_input` |
//! | exit 0 with nothing, crash, program missing, not executable, being replaced | `process_lifecycle` |
//!
//! What is wrong around the children is in `fault_surroundings`.

use crate::support::program::CommandOutput;
use crate::support::record::records;
use crate::support::sandbox::{Sandbox, document, eventually, signal};
use serde_json::Value;

/// What becomes of a call.
enum End {
    /// It fails: class, and words of the message.
    Fails(&'static str, &'static str),
    /// Its answer counts; a warning with these words is given, if any.
    Answers(&'static str),
}
use End::{Answers, Fails};

/// One row of the matrix.
struct Fault {
    name: &'static str,
    /// How it is played.
    rule: &'static str,
    /// Options of the command line. A fault with a time limit is one that no speed of the machine
    /// gets the better of: such a child never ends by itself.
    line: &'static str,
    end: End,
}

const ENDLESS: &str = "no complete answer after";
const NOTHING: &str = "ended with exit code 0 and without a complete answer";

const FAULTS: [Fault; 21] = [
    Fault {
        name: "hang before output",
        rule: "actions = ['hang']",
        line: "--timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "hang in mid-answer",
        rule: "manner = { keep_bytes = 120 }\nactions = [{ draft = {} }, 'hang']",
        line: "--timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "trickle",
        rule: "manner = { piece_bytes = 1, pause_ms = 20 }\nactions = [{ say = { text = 'word ', fill_bytes = 100000 } }]",
        line: "--timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "flood of stdout",
        rule: "actions = [{ flood = { bytes = 1073741824 } }]",
        line: "",
        end: Fails("oversized", ""),
    },
    Fault {
        name: "flood of stderr",
        rule: "actions = [{ flood = { to = 'stderr', bytes = 134217728 } }, { draft = {} }]",
        line: "",
        end: Answers(""),
    },
    Fault {
        name: "stdout closed early, and gone",
        rule: "actions = ['close-stdout', { exit = 0 }]",
        line: "",
        end: Fails("crashed", NOTHING),
    },
    Fault {
        name: "stdout closed in mid-answer, and there",
        rule: "manner = { keep_bytes = 120 }\nactions = [{ draft = {} }, 'close-stdout', 'hang']",
        line: "--timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "invalid UTF-8 before the answer",
        rule: "actions = [{ print = { text = 'x ', hex = 'fffe0a' } }, { draft = {} }]",
        line: "",
        end: Answers(""),
    },
    Fault {
        name: "nothing but invalid UTF-8",
        rule: "actions = [{ print = { hex = 'fffec080ed0a' } }, { exit = 0 }]",
        line: "",
        end: Fails("crashed", NOTHING),
    },
    Fault {
        name: "a line of 200 MB",
        rule: "actions = [{ line = { bytes = 200000000 } }]",
        line: "",
        end: Fails("oversized", ""),
    },
    Fault { name: "exit 0 with nothing", rule: "actions = [{ exit = 0 }]", line: "", end: Fails("crashed", NOTHING) },
    Fault {
        name: "exit 1 with an answer",
        rule: "actions = [{ draft = {} }, { exit = 1 }]",
        line: "",
        end: Answers(""),
    },
    Fault {
        name: "crash by a signal",
        rule: "manner = { keep_bytes = 120 }\nactions = [{ draft = {} }, { signal = 'SEGV' }]",
        line: "",
        end: Fails("crashed", "ended by signal 11"),
    },
    Fault {
        name: "out of memory",
        rule: "actions = [{ signal = 'KILL' }]",
        line: "",
        end: Fails("crashed", "ended by signal 9"),
    },
    Fault {
        name: "deaf to TERM",
        rule: "actions = [{ deaf = ['TERM', 'INT', 'HUP'] }, 'hang']",
        line: "--timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "a grandchild holds the pipe",
        rule: "actions = [{ grandchild = { seconds = 120, deaf = true } }, { draft = {} }]",
        line: "",
        end: Answers("its CLI left processes behind; they were ended"),
    },
    Fault {
        name: "a grandchild leaves the group",
        rule: "actions = [{ grandchild = { seconds = 120, own_session = true, deaf = true, quiet = true } }, { draft = {} }]",
        line: "",
        end: Answers(""),
    },
    Fault {
        name: "stdin never read",
        rule: "actions = ['unread', { draft = {} }]",
        line: "-f facts.txt",
        end: Answers(""),
    },
    Fault {
        name: "stdin never read, and silent",
        rule: "actions = ['unread', 'hang']",
        line: "-f facts.txt --timeout 1",
        end: Fails("timed_out", ENDLESS),
    },
    Fault {
        name: "stdin closed unread, and gone",
        rule: "actions = ['unread', 'close-stdin', { exit = 0 }]",
        line: "-f facts.txt",
        end: Fails("crashed", NOTHING),
    },
    Fault {
        name: "half a JSON document",
        rule: "manner = { keep_bytes = 120 }\nactions = [{ draft = {} }, { exit = 0 }]",
        line: "",
        end: Fails("crashed", NOTHING),
    },
];

/// More than a pipe holds.
fn sandbox(script: &str) -> Sandbox {
    Sandbox::new(script).file("work/facts.txt", "facts ".repeat(50_000))
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records.iter().map(|one| one["record"].as_str().unwrap()).collect()
}

/// One participant, to which it happens: all that is asserted of a fault.
fn alone(fault: &Fault, vendor: &str) {
    let what = format!("{vendor}: {}", fault.name);
    let sandbox = sandbox(&format!("[[rule]]\n{}", fault.rule));
    // That nothing is left is looked at by `play`.
    let output = sandbox.run(&format!("why -m {vendor} -o json --retries 0 {}", fault.line));
    let ended = document(&output);
    let records = records(&sandbox.journal());
    let told = records.iter().find(|record| record["record"] == "told").unwrap();
    let (begun, attempt) = (&records[0], &records[1]);
    assert_eq!((&begun["record"], &begun["attempt"]), (&"begun".into(), &1.into()), "{what}");
    assert_eq!(told["input"]["settled"]["id"], begun["call"], "{what}");
    let result = &told["input"]["settled"]["result"];
    match fault.end {
        Fails(class, words) => {
            assert_eq!((output.code, &ended["status"]), (Some(1), &"error".into()), "{what}: {}", output.stderr);
            assert_eq!(ended["winner"], Value::Null, "{what}");
            let message = ended["error"]["message"].as_str().unwrap();
            assert!(
                message.starts_with(&format!("{vendor}: {class}: ")) && message.contains(words),
                "{what}: {message}"
            );
            assert!(
                output.stderr.contains(&failed(vendor, class)) && output.stderr.contains(words),
                "{what}: {}",
                output.stderr
            );
            assert_eq!(kinds(&records), ["begun", "ended", "told", "closed"], "{what}");
            assert_eq!((&attempt["failure"], &result["Err"]["class"]), (&class.into(), &class.into()), "{what}");
            assert!(attempt["message"].as_str().unwrap().contains(words), "{what}: {attempt}");
        }
        Answers(warning) => {
            assert_eq!((output.code, &ended["status"]), (Some(0), &"single_model".into()), "{what}: {}", output.stderr);
            let answer = ended["winner"]["answer"].as_str().unwrap();
            assert!(answer.contains("This is draft "), "{what}: {answer}");
            assert_eq!((&attempt["failure"], &result["Ok"]["text"]), (&Value::Null, &answer.into()), "{what}");
            let middle = if warning.is_empty() { vec![] } else { vec!["warned"] };
            let answer = vec!["ended", "told"];
            // The answer counts before its CLI is gone, but gemini's, whose last line has no end.
            let (first, second) = if vendor == "gemini" { (middle, answer) } else { (answer, middle) };
            let expected = [vec!["begun"], first, second, vec!["closed"]].concat();
            assert_eq!(kinds(&records), expected, "{what}: {}", output.stderr);
            assert!(output.stderr.contains(warning), "{what}: {}", output.stderr);
        }
    }
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout, "{what}: what was written down");
}

/// How a failure is told: what the participant was asked for only where the failure is one of the text.
fn failed(vendor: &str, class: &str) -> String {
    let of_text =
        ["oversized", "malformed", "context_too_long", "truncated", "declined", "empty", "not_asked", "bad_request"]
            .contains(&class);
    format!("failed: {vendor}{}: {class}: ", if of_text { " gave no answer in round 1" } else { "" })
}

#[test]
fn claude_does_wrong() {
    FAULTS.iter().for_each(|fault| alone(fault, "claude"));
}

#[test]
fn codex_does_wrong() {
    FAULTS.iter().for_each(|fault| alone(fault, "codex"));
}

#[test]
fn gemini_does_wrong() {
    FAULTS.iter().for_each(|fault| alone(fault, "gemini"));
}

/// Who fails at its first word is dropped, and the others agree. Faults with a time limit are left
/// out: it would bind the others too, and a slow machine could make them meet it. One claude at a
/// time, so that the first one that counts itself is the one that proposes.
#[test]
fn the_others_go_on() {
    for fault in FAULTS.iter().filter(|fault| !fault.line.contains("--timeout")) {
        let what = fault.name;
        let sandbox = sandbox(&format!("[[rule]]\nwhen = {{ vendor = 'claude', nth = [1] }}\n{}", fault.rule));
        let line = format!(
            "why -m claude,codex,gemini -o json --retries 0 --seed 1 -r 2 --max-concurrent claude=1 {}",
            fault.line
        );
        let output = sandbox.run(&line);
        let ended = document(&output);
        assert!(matches!(output.code, Some(0 | 2)), "{what}: {}", output.stderr);
        assert!(ended["winner"]["answer"].is_string(), "{what}");
        let records = records(&sandbox.journal());
        let first = records.iter().find(|one| one["record"] == "ended" && one["call"] == "r1/propose/claude").unwrap();
        match fault.end {
            Fails(class, _) => {
                assert_eq!(first["failure"], class, "{what}");
                assert!(ended["rounds"][0]["means"].get("claude").is_none(), "{what}");
                assert!(output.stderr.contains(&failed("claude", class)), "{what}: {}", output.stderr);
            }
            Answers(_) => assert_eq!(first["failure"], Value::Null, "{what}"),
        }
        assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout, "{what}");
    }
}

/// The peak of a process's memory, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Plays `claude` this way beside a codex that hangs, looks at the program's memory when claude's
/// attempts are over, and ends the run.
fn memory_after(act: &str, attempts: usize) -> (u64, CommandOutput) {
    let script = format!("[[rule]]\nwhen = {{ vendor = 'claude' }}\n{act}\n[[rule]]\nactions = ['hang']");
    let sandbox = sandbox(&script);
    let child = sandbox.command(["why", "-m", "claude,codex", "--retries", "0"]).spawn().unwrap();
    sandbox.wait_for_requests(2);
    let over = |one: &&Value| one["record"] == "ended";
    eventually("the end of the flood", || records(&sandbox.journal()).iter().filter(over).count() == attempts);
    let peak = peak(child.id());
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    sandbox.assert_nothing_left();
    (peak, output)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn floods_cost_the_program_at_most_32_mb() {
    let (calm, _) = memory_after("actions = ['hang']", 0);
    for flood in [
        "actions = [{ flood = { bytes = 1073741824 } }]",
        // Nothing ends these early: their size is the time that they take. A gigabyte is in `process_flood`.
        "actions = [{ flood = { to = 'stderr', bytes = 134217728 } }, { exit = 3 }]",
        "actions = [{ line = { bytes = 1073741824 } }]",
        "actions = [{ line = { to = 'stderr', bytes = 134217728 } }, { exit = 3 }]",
    ] {
        let (peak, output) = memory_after(flood, 1);
        assert_eq!(output.code, Some(1), "{flood}: {}", output.stderr);
        let growth = peak.saturating_sub(calm);
        assert!(growth <= 32 << 10, "{flood}: {growth} KiB");
    }
}
