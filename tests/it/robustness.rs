//! Whatever the bytes, reading and parsing end soon and with diagnostics only.

use std::time::{Duration, Instant};

use oos::base::source::Source;
use oos::template::parse::parse;
use oos::template::yaml::limit::SIZE_LIMIT;
use oos::template::yaml::{read, read_source};

use crate::support::corpus::{folder, sources};

/// Far more than any text of legal size needs in an unoptimized build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

/// Reads and parses; the result does not matter, its diagnostics must be usable.
#[track_caller]
fn survives(bytes: &[u8]) {
    let Ok(source) = read_source("bytes", bytes) else {
        return;
    };
    let parsed = parse(&source);
    for problem in &parsed.diagnostics {
        assert!(problem.span.end <= source.text().len(), "{problem:?}");
        assert!(
            source.text().is_char_boundary(problem.span.start),
            "{problem:?}"
        );
        assert!(!problem.place(&source).is_empty());
    }
    let refused = parsed
        .diagnostics
        .iter()
        .any(oos::base::diagnostic::Diagnostic::is_error);
    assert!(
        parsed.template.is_some() || refused,
        "a text is refused without a reason"
    );
    let Some(template) = parsed.template else {
        return;
    };
    let value = template.root.to_value();
    let printed = value.to_string();
    // Escapes and aliases can make the print longer than what is read.
    if printed.len() <= SIZE_LIMIT {
        let again = read(&Source::new("again", printed), &mut Vec::new());
        assert_eq!(again.map(|node| node.to_value()), Some(value));
    }
}

/// Like [`survives`], with a look at the clock.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn survives_soon(text: &str) {
    let start = Instant::now();
    survives(text.as_bytes());
    let took = start.elapsed();
    let head: String = text.chars().take(40).collect();
    assert!(took < LONGEST, "{head}... took {took:?}");
}

/// A small generator of numbers that look random; the same ones in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        // Steele and Vigna's SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % limit as u64).unwrap()
    }
}

#[test]
fn random_bytes_are_survived() {
    let mut chance = Chance(1);
    for _ in 0..20_000 {
        let length = chance.below(200);
        let bytes: Vec<u8> = (0..length)
            .map(|_| u8::try_from(chance.below(256)).unwrap())
            .collect();
        survives(&bytes);
    }
}

#[test]
fn random_pieces_of_templates_are_survived() {
    const PIECES: [&str; 40] = [
        "\n",
        "\n  ",
        "\n    ",
        " ",
        ": ",
        "- ",
        "? ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        "\"",
        "|",
        ">",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "!x ",
        "#",
        "---\n",
        "...\n",
        "{{ a }}",
        "{{",
        "}}",
        "\\u00",
        "Fn::If",
        "Tasks",
        "Name",
        "FormatVersion: OOS-2019-06-01",
        "Parameters",
        "Loop",
        "null",
        "0755",
        "ü",
        "\t",
        "%YAML 1.1\n",
        "\r",
    ];
    let mut chance = Chance(2);
    for _ in 0..10_000 {
        let count = chance.below(40);
        let text: String = (0..count)
            .map(|_| PIECES[chance.below(PIECES.len())])
            .collect();
        survives(text.as_bytes());
    }
}

#[test]
fn cut_off_templates_are_survived() {
    let Some(folder) = folder() else { return };
    let sources = sources(&folder);
    for source in sources.iter().step_by(30) {
        let bytes = source.text().as_bytes();
        for end in (0..bytes.len()).step_by(97) {
            survives(&bytes[..end]);
        }
    }
}

#[test]
fn deep_nests_are_survived() {
    for (open, close) in [
        ("[", "]"),
        ("{a: ", "}"),
        ("{\"a\": ", "}"),
        ("- ", ""),
        ("? ", ""),
        ("- a: ", ""),
        ("[{", "}]"),
        ("{{", "}}"),
        ("{? ", "}"),
        ("- [", "]"),
        ("&a [", "]"),
        ("!!seq [", "]"),
    ] {
        survives_soon(&open.repeat(100_000));
        survives_soon(&format!("{}{}", open.repeat(50_000), close.repeat(50_000)));
        survives_soon(&format!("{}{}", open.repeat(90), close.repeat(90)));
    }
    let indented: String = (0..1_200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    survives_soon(&indented);
}

#[test]
fn huge_scalars_and_keys_are_survived() {
    let much = "x".repeat(1_000_000);
    for text in [
        much.clone(),
        format!("a: {much}"),
        format!("{much}: a"),
        format!("a: '{much}"),
        format!("a: \"{}\"", "\\u00e4".repeat(150_000)),
        format!("a: |\n  {much}"),
        format!("a: {}", "9".repeat(1_000_000)),
        format!("{{\"a\": {}}}", "9".repeat(1_000_000)),
        format!("{{\"a\": \"{much}"),
        format!("a: {}", "{{ a }}".repeat(140_000)),
        format!("a: {}", "{{ ".repeat(300_000)),
        format!(
            "FormatVersion: OOS-2019-06-01\nTasks: {}",
            "{{ ".repeat(300_000)
        ),
        "\n".repeat(1_000_000),
        "#\n".repeat(500_000),
        " ".repeat(1_000_000),
        "a: b\n".repeat(200_000),
        "- \n".repeat(190_000),
        "'\n".repeat(500_000),
        "%a\n".repeat(300_000),
        "--- \n".repeat(200_000),
    ] {
        survives_soon(&text);
    }
    survives_soon(&"x".repeat(50_000_000));
}

#[test]
fn under_indented_lines_without_end_are_survived() {
    survives_soon(&format!("a:\n  b: '{}'\n", "x\n".repeat(400_000)));
    survives_soon(&format!("a:\n{}", "  b: 'x\ny'\n".repeat(80_000)));
}

#[test]
fn alias_bombs_are_survived() {
    let layers = (1..=40).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
        let below = at - 1;
        text + &format!("a{at}: &a{at} [*a{below}, *a{below}, *a{below}]\n")
    });
    let merges = (1..=40).fold("a0: &a0 {k0: v}\n".to_owned(), |text, at| {
        let below = at - 1;
        text + &format!("a{at}: &a{at} {{k{at}: *a{below}, <<: [*a{below}, *a{below}]}}\n")
    });
    let nested_anchors = format!(
        "{}{}{}",
        (0..90).map(|at| format!("&n{at} [")).collect::<String>(),
        "x, ".repeat(100_000),
        "]".repeat(90)
    );
    let wide = format!(
        "a: &a [{}]\nb: [{}]\n",
        "1, ".repeat(50_000),
        "*a, ".repeat(50_000)
    );
    for text in [layers, merges, nested_anchors, wide] {
        survives_soon(&text);
        assert!(parse(&Source::new("bomb", text)).template.is_none());
    }
}

#[test]
fn wide_templates_are_survived() {
    let header = "FormatVersion: OOS-2019-06-01\n";
    let unknown: String = (0..40_000).map(|at| format!("k{at}: 1\n")).collect();
    survives_soon(&format!("{header}{unknown}"));
    let tasks = "- {Name: a, Action: b, Nam: c}\n".repeat(20_000);
    survives_soon(&format!("{header}Tasks:\n{tasks}"));
    let parameters: String = (0..20_000)
        .map(|at| format!("  p{at}: {{Typ: x}}\n"))
        .collect();
    survives_soon(&format!("{header}Parameters:\n{parameters}"));
}
