//! Settings in layers, and where each came from.

use crate::support::program::Desk;
use insta::assert_snapshot;

const USER: &str = "[defaults]\nmodels = [\"claude\", \"codex\"]\nthreshold = 7\nmax_rounds = 3\ntimeout = 90\n\n\
                    [adapters.claude]\nconcurrency = 2\nprogram_args = [\"--a\", \"b\"]\n";

#[test]
fn every_value_says_where_it_came_from() {
    let desk = Desk::new()
        .file("home/.config/refinery/config.toml", USER)
        .file("work/extra.toml", "[defaults]\nmax_rounds = 4\neffort = \"low\"\n")
        .var("REFINERY_EFFORT", "high")
        .var("REFINERY_TRESHOLD", "9");
    assert_snapshot!(desk.blocks(&["config show", "config show --config extra.toml", "config show -o jsonl"]));
}

#[test]
fn wrong_files_are_told_with_line_and_key() {
    let desk = Desk::new()
        .file(
            "home/.config/refinery/config.toml",
            "threshold = 7\n[defaults]\ntreshold = 7\nmax_rounds = 50\n[adapters]\nclaude = 1\n",
        )
        .file("work/broken.toml", "[defaults\n")
        .file("work/range.toml", "[defaults]\n\nmax_rounds = 50\n[adapters.claude]\nbilling = \"me\"\n")
        .var("REFINERY_THRESHOLD", "11");
    assert_snapshot!(desk.blocks(&[
        "config show",
        "config show --config broken.toml",
        "config show --config none.toml"
    ]));
    let desk =
        Desk::new().file("work/range.toml", "[defaults]\n\nmax_rounds = 50\n[adapters.claude]\nbilling = \"me\"\n");
    assert_snapshot!("wrong_ranges", desk.blocks(&["why -m claude --config range.toml"]));
}

#[test]
fn nothing_is_read_from_the_working_directory() {
    let evil = "[defaults]\nmodels = [\"evil\"]\nthreshold = 1\n";
    let desk = Desk::new()
        .file("work/config.toml", evil)
        .file("work/refinery.toml", evil)
        .file("work/.config/refinery/config.toml", evil)
        .file("work/.env", "REFINERY_THRESHOLD=1\nREFINERY_MODELS=evil\n");
    let output = desk.run("config show");
    assert!(!output.stdout.contains("evil") && output.stdout.contains("8.0"), "{}", output.stdout);
}
