//! Programs that are there and do not work, and the shims of version managers.

use crate::support::program::CommandOutput;
use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn only(output: &CommandOutput) -> Value {
    document(output)["adapters"][0].clone()
}

#[test]
fn a_program_that_cannot_say_its_version_does_not_work() {
    for (program, words) in [
        ("#!/usr/bin/env node\n", "exit code 127"),
        ("#!/no/such/interpreter\n", "interpreter"),
        ("#!/bin/sh\necho broken >&2; exit 3\n", "exit code 3: broken"),
        ("#!/bin/sh\necho 2.1.332; exit 1\n", "exit code 1"),
        ("#!/bin/sh\nkill -9 $$\n", "a signal ended it"),
        // Works where the person is, and not where a call is.
        (
            "#!/bin/sh\n[ -n \"$MY_TOOLS\" ] || { echo 'MY_TOOLS is not set'; exit 1; }; echo 2.1.332\n",
            "MY_TOOLS is not set",
        ),
        (
            "#!/bin/sh\n[ \"$HOME\" = \"$REAL\" ] && exit 0; echo 'no shim here' >&2; exit 126\n",
            "exit code 126: no shim here",
        ),
    ] {
        let sandbox = Sandbox::new("").var("MY_TOOLS", "/opt");
        // A version file beside it says nothing about the program.
        fs::write(sandbox.path("bin/package.json"), r#"{"name":"@anthropic-ai/claude-code","version":"2.1.332"}"#)
            .unwrap();
        put(&sandbox.path("bin/claude"), program);
        let output = sandbox.run("doctor -m claude -o json");
        let found = only(&output);
        assert_eq!((output.code, &found["works"]), (Some(4), &false.into()), "{program}: {found}");
        let problem = found["problems"][0].as_str().unwrap();
        assert!(
            problem.contains("claude --version` fails in the environment of a call") && problem.contains(words),
            "{problem}"
        );
        assert!(found["hints"][0].as_str().unwrap().contains("env -i PATH="), "{found}");
    }
}

#[test]
fn the_version_is_the_programs_own() {
    for (package, printed, shown) in [
        ("@anthropic-ai/claude-code", "2.1.332 (Claude Code)", "2.1.332"),
        ("@anthropic-ai/claude-code", "", "9.9.9"),
        ("volta", "2.1.332 (Claude Code)", "2.1.332"),
        ("volta", "", "-"),
    ] {
        let sandbox = Sandbox::new("");
        let json = format!(r#"{{"name":"{package}","version":"9.9.9"}}"#);
        fs::write(sandbox.path("bin/package.json"), json).unwrap();
        put(&sandbox.path("bin/claude"), &format!("#!/bin/sh\necho '{printed}'\n"));
        let found = only(&sandbox.run("doctor -m claude -o json"));
        assert_eq!(found["version"].as_str().unwrap_or("-"), shown, "{package} {printed}");
        assert_eq!(found["works"], true);
    }
    // A run looks at the file alone, and a shim's neighbour is not its own.
    let sandbox = Sandbox::new("");
    fs::write(sandbox.path("bin/package.json"), r#"{"name":"volta","version":"1.1.1"}"#).unwrap();
    let output = sandbox.run("why -m claude");
    assert!(!output.stderr.contains("1.1.1"), "{}", output.stderr);
}

#[test]
fn shims_find_their_program_from_the_home_of_a_call() {
    let volta = "[ -x \"$VOLTA_HOME/claude\" ] || { echo 'Volta error: no VOLTA_HOME' >&2; exit 126; }\nexec \"$VOLTA_HOME/claude\" \"$@\"";
    let asdf = "[ \"$ASDF_NODEJS_VERSION\" = 22.3.0 ] || { echo 'No version is set for command claude' >&2; exit 126; }\nexec \"$ASDF_DATA_DIR/claude\" \"$@\"";
    let mise = "exec \"$MISE_DATA_DIR/claude\" \"$@\"";
    let pnpm = "exec \"$PNPM_HOME/claude\" \"$@\"";
    for (shim, place, variable) in [
        (volta, "home/.volta", None),
        (volta, "elsewhere", Some("VOLTA_HOME")),
        (asdf, "home/.asdf", None),
        (asdf, "elsewhere", Some("ASDF_DATA_DIR")),
        (mise, "home/.local/share/mise", None),
        (mise, "elsewhere", Some("MISE_DATA_DIR")),
        (pnpm, "elsewhere", Some("PNPM_HOME")),
    ] {
        let sandbox = Sandbox::new("").file("home/.tool-versions", "nodejs 22.3.0\n");
        let place = sandbox.path(place);
        fs::create_dir_all(&place).unwrap();
        fs::rename(sandbox.path("bin/claude"), place.join("claude")).unwrap();
        put(&sandbox.path("shims/claude"), &format!("#!/bin/sh\n{shim}\n"));
        symlink(sandbox.path("shims/claude"), sandbox.path("bin/claude")).unwrap();
        let sandbox = variable.iter().fold(sandbox, |sandbox, name| sandbox.var(name, &place.display().to_string()));
        let found = only(&sandbox.run("doctor -m claude -o json"));
        assert_eq!((&found["works"], &found["version"]), (&true.into(), &"2.1.197".into()), "{shim}: {found}");
        let output = sandbox.run("why -m claude");
        assert_eq!(output.code, Some(0), "{shim}: {}", output.stderr);
    }
}
