//! `consentry demo --once` shows what it says it shows, in a pipe without colour, ends by itself and leaves nothing.

use std::process::Command;

#[test]
fn the_demo_shows_every_scene_and_ends() {
    let output = Command::new(env!("CARGO_BIN_EXE_consentry")).args(["demo", "--once"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{complaint}\n{shown}", output.status);
    assert!(!shown.contains('\u{1b}'), "colour in a pipe:\n{shown}");

    let scenes: Vec<&str> = shown.split("\n== ").collect();
    let [_, _welcome, side_by_side, explained, refused, withdrawn, recorded, verified] = scenes[..] else {
        panic!("not seven scenes:\n{shown}");
    };
    // Ines is restricted: PostgreSQL has her, none of the three purposes sees her.
    assert_eq!(side_by_side.matches("Ines Ibarra").count(), 1, "{side_by_side}");
    assert_eq!(side_by_side.lines().filter(|l| l.contains("9 is restricted")).count(), 1);
    // Farid did not agree to e-mail.
    assert!(side_by_side.contains("f***@post.example"), "{side_by_side}");
    assert!(explained.contains("valid consent for marketing"), "{explained}");
    for field in ["ERROR:", "DETAIL:", "HINT:"] {
        assert!(refused.contains(field), "{refused}");
    }
    let (before, after) = withdrawn.split_once("UPDATE consents").unwrap();
    assert!(before.contains("Elena Esposito") && !after.contains("Elena Esposito"), "{withdrawn}");
    for word in ["refused", "changed", "public.customers", "consent"] {
        assert!(recorded.contains(word), "{recorded}");
    }
    for personal in ["Ada", "elena@", "+999"] {
        assert!(!recorded.contains(personal), "personal data on record: {personal}\n{recorded}");
    }
    assert!(verified.contains("whole: every line is as it was written"), "{verified}");
    assert!(!verified.contains("no checkpoint vouches"), "{verified}");
}
