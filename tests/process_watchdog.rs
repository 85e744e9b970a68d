//! What the watchdog does when the program dies.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::process_harness::{Script, assert_nobody_left, carriers, eventually, marker, never};
#[cfg(target_os = "linux")]
use crate::support::sandbox::{signal, watchdog_of};
use refinery_core::invocation::Flow;
use refinery_core::process::{Marker, Scratch, Watchdog};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn start(marker: &Marker) -> Watchdog {
    Watchdog::start(Path::new(env!("CARGO_BIN_EXE_refinery")), &["__watchdog"], marker).unwrap()
}

/// Fields of `/proc/PID/stat` from the state on; nothing once the process is gone.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

#[cfg(target_os = "linux")]
fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat[0] != "Z")
}

#[cfg(not(target_os = "linux"))]
fn is_running(pid: u32) -> bool {
    let told = Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8(told.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

fn start_time(pid: u32) -> u64 {
    stat(pid).unwrap()[19].parse().unwrap()
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

/// A child of the test, in a group of its own and without any marker.
struct Bystander(Child);

impl Bystander {
    fn start() -> Self {
        Self(Command::new("/bin/sleep").arg("1000").process_group(0).stdout(Stdio::null()).spawn().unwrap())
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The parent in the tests below: a program with a watchdog and one child with descendants of all
/// kinds, until it is killed.
#[tokio::test]
#[ignore = "run by the tests below, in a process of its own"]
async fn parent() {
    let dir = PathBuf::from(std::env::var("PARENT_DIR").unwrap());
    let marker = Marker::new(std::env::var("PARENT_MARKER").unwrap());
    let mut script = Script::new(
        "trap '' TERM
         sh -c 'trap \"\" TERM; echo up; while :; do sleep 1000; done' &
         setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 1000; done' &
         env -i /bin/sh -c 'echo up; echo $$; /bin/sleep 1000; :' &
         wait",
    );
    script.marker = marker.clone();
    script.watchdog = Some(start(&marker));
    fs::write(dir.join("watchdog"), script.watchdog.as_ref().unwrap().id().to_string()).unwrap();
    script.scratch = script.supervisor().scratch(Some(&dir.join("state")), "call-").unwrap();
    script.inv.cwd = script.scratch.path().join("cwd");
    let registry = dir.join("registry");
    fs::create_dir(&registry).unwrap();
    fs::write(registry.join("7.json"), script.scratch.path().to_str().unwrap()).unwrap();
    fs::write(registry.join("8.json"), "/home/me/work").unwrap();
    let supervisor = script.supervisor();
    supervisor.registers(&mut script.scratch, registry);
    let far = supervisor.scratch(Some(&dir.join("far").join("x".repeat(90))), "far-").unwrap();
    fs::write(dir.join("link"), far.short().to_str().unwrap()).unwrap();
    let kept = script.supervisor().scratch(Some(&dir.join("state")), "kept-").unwrap();
    let _ = kept.keep();
    drop(script.supervisor().scratch(Some(&dir.join("state")), "gone-").unwrap());
    let mut up = 0;
    let mut bare = String::new();
    script
        .supervise(never(), |line| {
            if line.text == "up" {
                up += 1;
            } else {
                bare = line.text;
            }
            if up == 3 && !bare.is_empty() {
                fs::write(dir.join("bare.new"), &bare).unwrap();
                fs::rename(dir.join("bare.new"), dir.join("bare")).unwrap();
            }
            Flow::More
        })
        .await;
}

/// Starts the parent, and returns when all its descendants are up.
fn parent_in(dir: &Path, marker: &Marker) -> (Child, u32, u32) {
    let parent = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process_watchdog::parent"])
        .env("PARENT_DIR", dir)
        .env("PARENT_MARKER", &*marker.value)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let number = |name: &str| fs::read_to_string(dir.join(name)).unwrap().parse().unwrap();
    eventually("the descendants", || dir.join("bare").exists());
    (parent, number("watchdog"), number("bare"))
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "descendants that leave their group are found on Linux alone")]
fn nothing_is_left_when_the_program_is_killed() {
    let dir = Scratch::create(None, "refinery-test-").unwrap();
    let marker = marker();
    let (mut parent, watchdog, bare) = parent_in(dir.path(), &marker);
    assert!(is_running(bare) && carriers(&marker).len() >= 3);
    // What a terminal, or somebody who tidies up, would send.
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2] {
        kill_process(pid(watchdog), signal).unwrap();
    }
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_nobody_left(&marker);
    eventually("the end of the one without the marker", || !is_running(bare));
    eventually("the end of the watchdog", || !is_running(watchdog));
    let left: Vec<_> =
        fs::read_dir(dir.path().join("state")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.len() == 1 && left[0].to_string_lossy().starts_with("kept-"), "{left:?}");
    let registered = fs::read_dir(dir.path().join("registry")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(registered.collect::<Vec<_>>(), ["8.json"]);
    let link = PathBuf::from(fs::read_to_string(dir.path().join("link")).unwrap());
    assert!(link.starts_with("/tmp") && link.symlink_metadata().is_err(), "{}", link.display());
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_when_the_watchdog_is_killed_or_stopped_before_the_program() {
    for how in ["KILL", "STOP"] {
        let dir = Scratch::create(None, "refinery-test-").unwrap();
        let marker = marker();
        let (mut parent, first, bare) = parent_in(dir.path(), &marker);
        signal(first, how);
        eventually("another one", || watchdog_of(parent.id()).is_some_and(|now| now != first));
        let second = watchdog_of(parent.id()).unwrap();
        assert!(!is_running(first) && is_running(bare) && carriers(&marker).len() >= 3, "{how}");
        parent.kill().unwrap();
        parent.wait().unwrap();
        assert_nobody_left(&marker);
        eventually("the end of the one without the marker", || !is_running(bare));
        eventually("the end of the watchdog", || !is_running(second));
        let left = fs::read_dir(dir.path().join("state")).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.collect();
        assert!(left.len() == 1 && left[0].to_string_lossy().starts_with("kept-"), "{how}: {left:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn one_that_is_stopped_at_the_end_does_its_work() {
    let watchdog = start(&marker());
    let known = Bystander::start();
    watchdog.register(pid(known.id()), Some(start_time(known.id())));
    let number = watchdog.id();
    // Whichever comes first: it is replaced, or woken for its last work.
    let finishing = std::thread::spawn(move || watchdog.finish());
    let _ = kill_process(pid(number), Signal::STOP);
    let _ = finishing.join().unwrap();
    eventually("the end of the one it was told of", || !is_running(known.id()));
}

#[test]
fn one_that_cannot_live_is_given_up_with_an_error() {
    let short = Watchdog::start(Path::new("/bin/sh"), &["-c", ":"], &marker()).unwrap();
    let mut error = None;
    eventually("the error", || {
        error = error.take().or_else(|| short.take_error());
        error.is_some()
    });
    assert!(error.unwrap().to_string().contains("it ended 16 times"));
    assert!(short.take_error().is_none());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn it_stands_apart_from_the_program() {
    let marker = marker();
    let watchdog = start(&marker);
    let number = watchdog.id();
    // Field 6, the session.
    eventually("a session of its own", || stat(number).unwrap()[3] == number.to_string());
    for stream in [1, 2] {
        assert_eq!(fs::read_link(format!("/proc/{number}/fd/{stream}")).unwrap(), Path::new("/dev/null"));
    }
    // Its end of the line, and not ours.
    let files = fs::read_dir(format!("/proc/{number}/fd")).unwrap().map(|file| fs::read_link(file.unwrap().path()));
    assert_eq!(files.filter(|file| file.as_ref().unwrap().to_string_lossy().starts_with("socket:")).count(), 1);
    assert_eq!(fs::read(format!("/proc/{number}/environ")).unwrap(), b"");
    assert_eq!(fs::read_link(format!("/proc/{number}/cwd")).unwrap(), Path::new("/"));
    assert!(watchdog.finish().unwrap().success());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "start times of processes are told by Linux alone")]
fn it_kills_what_it_was_told_of_and_nobody_else() {
    let watchdog = start(&marker());
    let [known, released, reused, unknown] = [(); 4].map(|()| Bystander::start());
    watchdog.register(pid(known.id()), Some(start_time(known.id())));
    watchdog.register(pid(released.id()), Some(start_time(released.id())));
    watchdog.release(pid(released.id()));
    // Its number was somebody else's when it was told.
    watchdog.register(pid(reused.id()), Some(start_time(reused.id()) - 1));
    assert!(watchdog.finish().unwrap().success());
    eventually("the end of the one it was told of", || !is_running(known.id()));
    for other in [released, reused, unknown] {
        assert!(is_running(other.id()));
    }
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "descendants that leave their group are found on Linux alone")]
async fn descendants_that_left_their_group_are_found_at_a_normal_end() {
    // The script stays until the other has left its group: else that would be killed with it.
    let mut script = Script::new(
        "setsid sleep 1000 >/dev/null 2>&1 & until [ \"$(cut -d' ' -f6 /proc/$!/stat)\" = $! ]; do :; done; echo $!",
    );
    let watchdog = start(&script.marker);
    script.watchdog = Some(watchdog.clone());
    let done = script.run_and_leave(never(), |_| Flow::More).await;
    let stray: u32 = done.stdout()[0].parse().unwrap();
    assert!(is_running(stray) && !done.exit.leaked);
    assert!(watchdog.finish().unwrap().success());
    // It was killed by then; until it is gone may take the system a moment.
    eventually("the end of the stray", || !is_running(stray));
}

#[tokio::test]
async fn without_a_watchdog_to_listen_children_run_all_the_same() {
    let mut script = Script::new("echo answer");
    let marker = script.marker.clone();
    let deaf = Watchdog::start(Path::new("/bin/sh"), &["-c", ":"], &marker).unwrap();
    eventually("the end of the one that should have listened", || !is_running(deaf.id()));
    script.watchdog = Some(deaf);
    assert_eq!(script.run().await.stdout(), ["answer"]);
}

#[test]
fn one_that_does_not_exist_is_an_error() {
    let error = Watchdog::start(Path::new("/no/such/program"), &[], &marker()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
