//! Lines, quotes, comments, continuation, strings: "General Syntax Rules for INF Files" by example.

use proptest::prelude::*;

use super::super::inf::Line;
use super::*;

/// The lines of section `[Test]` of an otherwise valid file: key and values.
fn lines_with(body: &str, strings: &str, language: u16) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let text = format!("{BASE}{strings}\n[Test]\n{body}\n");
    let target = Target { language, ..Target::default() };
    let inf = Inf::parse("test.inf", text.as_bytes(), target).expect("valid but for a section without use");
    let texts = |l: &Line| {
        let key = l.key.as_ref().map(|k| k.text.clone()).unwrap_or_default();
        (key, l.values.iter().map(|v| v.text.clone()).collect())
    };
    let lines = inf.section("TEST").expect("the section").lines.iter().map(texts).collect();
    let unused = |w: &&super::super::Diagnostic| !w.reason.contains("nothing refers to");
    (lines, inf.warnings().iter().filter(unused).map(|w| w.reason.clone()).collect())
}

fn lines(body: &str) -> Vec<(String, Vec<String>)> {
    let (lines, warnings) = lines_with(body, "", 0x409);
    assert_eq!(warnings, [""; 0]);
    lines
}

/// The one line of `body`, without a key.
fn values(body: &str) -> Vec<String> {
    let all = lines(body);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "");
    all.into_iter().next().unwrap().1
}

#[test]
fn fields_are_separated_by_commas_and_trimmed() {
    assert_eq!(values("a, b ,\tc  d ,"), ["a", "b", "c  d"]);
    assert_eq!(values("a,,b"), ["a", "", "b"]);
    assert_eq!(values(r#"a,"""#), ["a", ""]);
}

#[test]
fn the_first_equals_sign_before_a_comma_makes_a_key() {
    assert_eq!(lines("Key = a=b, c"), [("Key".into(), vec!["a=b".into(), "c".into()])]);
    assert_eq!(lines("Key="), [("Key".into(), vec![])]);
    assert_eq!(lines("a, b=c"), [(String::new(), vec!["a".into(), "b=c".into()])]);
    assert_eq!(lines(r#""k=k" = v"#), [("k=k".into(), vec!["v".into()])]);
}

#[test]
fn quotes_keep_everything() {
    assert_eq!(values(r#"" a;b, c=d\ ""#), [r" a;b, c=d\ "]);
    assert_eq!(values(r#""Display an ""example"" string""#), [r#"Display an "example" string"#]);
    assert_eq!(values(r#"pre"mid , "post"#), ["premid , post"]);
}

#[test]
fn comments_end_the_line() {
    assert_eq!(values("a, b ; c, d"), ["a", "b"]);
    assert_eq!(values("; only a comment\n  ; another\n\na"), ["a"]);
}

#[test]
fn a_trailing_backslash_continues_the_line() {
    assert_eq!(values("a, \\\n   b"), ["a", "b"]);
    assert_eq!(values("a \\  ; with a comment\n ,b"), ["a", "b"]);
    assert_eq!(values("\"Dir\\\"\\\n,File"), ["Dir\\", "File"]);
    // All but the last of several backslashes are ignored.
    assert_eq!(values("Dir\\\\\n,File"), ["Dir", "File"]);
    assert_eq!(values(r"Dir\File"), [r"Dir\File"]);
}

#[test]
fn positions_survive_continuation() {
    let text = format!("{BASE}[Test]\na, \\\n   b, \\\n\"c\"\n");
    let inf = Inf::parse("test.inf", text.as_bytes(), Target::default()).unwrap();
    let line = &inf.section("Test").unwrap().lines[0];
    let first = line.at.line;
    let places: Vec<(u32, u32)> = line.values.iter().map(|v| (v.at.line - first, v.at.column)).collect();
    assert_eq!(places, [(0, 1), (1, 4), (2, 1)]);
}

#[test]
fn continuation_at_the_end_of_the_file() {
    let (lines, warnings) = lines_with("a, b \\", "", 0x409);
    assert_eq!(lines[0].1, ["a", "b"]);
    assert_eq!(warnings, ["the line is continued by \\, but nothing follows"]);
}

#[test]
fn line_ends_of_every_kind() {
    for end in ["\n", "\r\n", "\r"] {
        assert_eq!(lines(&["a", "b", "c"].join(end)).len(), 3, "{end:?}");
    }
}

#[test]
fn sections_of_one_name_are_one() {
    let (lines, _) = lines_with("a\n[Other]\nx\n[tEST]\nb", "", 0x409);
    assert_eq!(lines, [(String::new(), vec!["a".into()]), (String::new(), vec!["b".into()])]);
}

#[test]
fn tokens_and_directories_are_replaced() {
    assert_eq!(values("%maker%, a%Maker%b, \"%Maker%\""), ["Maker", "aMakerb", "Maker"]);
    assert_eq!(values(r#""%%SystemRoot%%\x", 100%%"#), [r"%SystemRoot%\x", "100%"]);
    assert_eq!(
        values(r"%12%\x.sys, %10%, %11%"),
        [r"C:\Windows\System32\drivers\x.sys", r"C:\Windows", r"C:\Windows\System32"]
    );
    assert_eq!(
        values(r"%13%\x.sys"),
        [r"C:\Windows\System32\DriverStore\FileRepository\test.inf_amd64_0000000000000000\x.sys"]
    );
    let (lines, warnings) = lines_with("%Nobody%, %77%", "", 0x409);
    assert_eq!(lines[0].1, ["%Nobody%", "%77%"], "what is unknown stays");
    assert_eq!(
        warnings,
        ["%Nobody% is not defined in [Strings]", "%77% is not a directory that drivers use"]
    );
}

#[test]
fn strings_may_hold_anything() {
    let strings = "A = Maker, Inc. = 100% pure ; comment\nB = \"x;y\"\nsemi;colon = 1";
    let (lines, _) = lines_with("%A%, %B%", strings, 0x409);
    assert_eq!(lines[0].1, ["Maker, Inc. = 100% pure", "x;y"]);
}

#[test]
fn the_language_chooses_the_strings() {
    let strings = "Word = neutral\nOnly = here\n[Strings.0407]\nWord = deutsch\nMaker=M\n[Strings.000c]\nWord = français";
    let word = |language| lines_with("%Word%", strings, language).0[0].1[0].clone();
    assert_eq!(word(0x409), "neutral");
    assert_eq!(word(0x407), "deutsch");
    assert_eq!(word(0x807), "deutsch", "another country of the same language");
    assert_eq!(word(0x40C), "français", "the language without a country");
    let both = format!("{strings}\n[Strings.0007]\nWord = neutral german");
    assert_eq!(lines_with("%Word%", &both, 0x807).0[0].1, ["neutral german"], "before another country's");
    let (lines, warnings) = lines_with("%Only%", strings, 0x407);
    assert_eq!(lines[0].1, ["here"]);
    assert_eq!(
        warnings,
        [
            "%Only% is defined in [Strings] but not in [Strings.0407], which alone Windows uses for this language"
        ]
    );
}

proptest! {
    /// Whatever a field holds, quoting it by the rules gives it back.
    #[test]
    fn quoting_round_trips(fields in prop::collection::vec("[^\\p{Cc}\\p{Z}\u{feff}][^\\p{Cc}]{0,20}", 1..6)) {
        let quoted: Vec<String> =
            fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\"").replace('%', "%%"))).collect();
        prop_assert_eq!(values(&quoted.join(" , ")), fields);
    }
}
