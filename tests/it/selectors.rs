//! Selectors: the dialect compared with jq, hostile programs, and every program of the corpus.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use oos::base::value::Value;
use oos::template::expr::Selector;
use oos::template::yaml::{Node, NodeKind, read};
use serde_json::json;

use crate::support::corpus::{folder, sources};

/// The time that this thread was running: others share the machine.
fn running_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Programs and inputs on which jq and we must agree.
fn dialect() -> (Vec<&'static str>, Value) {
    let instances = json!({"Instances": {"Instance": [
        {"InstanceId": "i-1", "Status": "Running", "Cpu": 2, "Tags": [{"Key": "a", "Value": "1"}]},
        {"InstanceId": "i-2", "Status": "Stopped", "Cpu": 4, "Tags": []},
        {"InstanceId": "i-3", "Status": "Running", "Cpu": 2, "Tags": [{"Key": "b", "Value": null}]},
    ]}, "TotalCount": 3, "Name": "aAb-Ab", "Zones": ["b", "a", "c", "a"], "Empty": [], "Null": null});
    let programs = [
        ".",
        ".Instances.Instance[].InstanceId",
        "[.Instances.Instance[] | select(.Status == \"Running\") | .Cpu] | add",
        ".Instances.Instance | length | tostring",
        ".Instances.Instance | map(.Cpu) | unique",
        ".Instances.Instance | group_by(.Status) | map({(.[0].Status): length}) | add",
        ".Instances.Instance | sort_by(.Cpu, .InstanceId) | .[-1]",
        ".Instances.Instance[1:] | length",
        ".Instances.Instance[0].Tags | from_entries",
        ".Instances.Instance | map(.Tags[]) | from_entries",
        ".Name | test(\"^(?!acs).*\")",
        ".Name | test(\"AB\"; \"i\")",
        "[.Name | match(\"(?<x>a)(b)?\"; \"gi\")]",
        ".Name | capture(\"(?<first>.)(?<rest>.*)\")",
        "[.Name | scan(\"[aA]b\")]",
        ".Name | sub(\"(?<x>a)\"; \"<\\(.x)>\")",
        ".Name | gsub(\"a\"; \"o\"; \"i\")",
        "[.Name | splits(\"-\")]",
        ".Name | split(\"-\")",
        ".Name | split(\"a\"; \"gi\")",
        ".Name | ascii_downcase, ascii_upcase",
        ".Zones | index(\"a\"), rindex(\"a\"), indices(\"a\")",
        ".Name | index(\"Ab\"), indices(\"A\")",
        ".Zones | inside([\"a\", \"b\", \"c\", \"d\"])",
        ".Zones | contains([\"a\"])",
        "\"a\" | in({\"a\": 1})",
        ".Zones | any(. == \"b\"), all(. == \"b\")",
        ".Zones | join(\",\")",
        "[1, null, \"x\", true] | join(\"-\")",
        ".Empty | join(\",\")",
        "[.Empty[]]",
        ".Null // \"none\"",
        "[.Missing[]?]",
        "try error(\"x\") catch .",
        "[.[] | numbers, strings, nulls]",
        "to_entries | map(.key)",
        "with_entries(select(.value | type == \"number\"))",
        "keys",
        "has(\"Name\"), has(\"None\")",
        ".Zones | has(0), has(9)",
        "[paths] | length",
        "[leaf_paths] | length",
        "getpath([\"Instances\", \"Instance\", 0, \"Cpu\"])",
        "del(.Instances) | keys",
        "[range(5)]",
        "[range(2; 10; 3)]",
        "[limit(3; range(10))]",
        "first(range(5; 9))",
        "[.Zones[] as $z | $z + $z]",
        "reduce .Zones[] as $z (\"\"; . + $z)",
        "[foreach .Zones[] as $z (0; . + 1)]",
        "[.Zones | to_entries[] | select(.key > 1) | .value]",
        "if .TotalCount > 2 then \"many\" elif . then 1 else 0 end",
        ".Zones - [\"a\"]",
        ".Zones | reverse, sort, min, max",
        "[.Instances.Instance[] | {id: .InstanceId, Cpu}]",
        "\"\\(.TotalCount) of \\(.Zones)\"",
        "tojson | fromjson == .",
        ".TotalCount | tostring, tojson",
        "\"12\" | tonumber",
        "\"1.50\" | tonumber",
        "[1.0, 1.5, 100000000000000000000] | tojson",
        "3.0, 1e3, 0.1 + 0.2",
        "10 / 4, 7 % 3, -7 % 3, 5.9 % 3",
        "\"ab\" * 3, (\"ab\" * 0)",
        "{} + {\"a\": 1} * {\"a\": {\"b\": 2}}",
        "[1, [2, [3]]] | flatten, flatten(1)",
        "[[1, 2], [3]] | transpose",
        "\"a,b\" / \",\"",
        "\"abc\" | .[1:], .[:-1], .[-1:]",
        "[1, 2, 3] | .[1:] = [9]",
        ".TotalCount |= . + 1 | .TotalCount",
        ".Zones | map(select(test(\"a|b\")))",
        ".Zones[0] | @base64, @json, @html, @uri, @sh",
        "\"YQ==\" | @base64d",
        "[\"a\", 1, null] | @csv",
        "[\"a\", 1, null] | @tsv",
        "\"a\\nb\" | test(\"^b\")",
        "\"a\\nb\" | test(\"a$\")",
        "\"a\\nb\" | test(\"a.b\")",
        "\"a\\nb\" | test(\"a.b\"; \"s\")",
        "\"x\" | ltrimstr(\"x\"), rtrimstr(\"y\"), startswith(\"x\")",
        "[.[]? | scalars]",
        "[..] | length",
        "[.. | numbers]",
        "walk(if type == \"number\" then . + 1 else . end) | .TotalCount",
        "[.Zones | until(length < 2; .[1:])]",
        "[recurse(if . < 3 then . + 1 else empty end; true)?] | length",
        "1 | [while(. < 20; . * 2)]",
        "[1 | limit(4; repeat(. * 2))]",
        "label $out | 1, break $out, 2",
        "[splits(\"a\")?]",
        ".Name | explode | implode",
        "\"2015-03-05T23:51:47Z\" | fromdateiso8601",
        "1425599507 | todate",
        "1425599621 | gmtime | mktime",
        "[.Zones[] | ascii_downcase] | unique | length",
        "{\"a\": 1} | to_entries",
        ".Zones as [$a, $b] | $b",
        ". as {Name: $n, Zones: [$z]} | $n + $z",
        "[.Zones[:2][] | (., 1)]",
        "null | not, length",
        "-5 | length",
        "\"äö\" | length, utf8bytelength",
        "[nan] | tojson",
        "infinite | . > 1",
        "[1, \"1\", null, true, [], {}] | sort",
        "{\"b\": 1, \"a\": 2} == {\"a\": 2, \"b\": 1}",
        "splits(\"x\")?",
        ".Zones | map({key: ., value: 1}) | from_entries",
        "[{\"Name\": \"x\", \"Value\": 1}] | from_entries",
        "[65] | implode",
        "tojson | length > 10",
        "min_by(.a)?, 1",
        "[.Instances.Instance | min_by(.Cpu, .InstanceId), max_by(.Cpu) | .InstanceId]",
        "@text \"a\\(1)\"",
        "@base64 \"x\\(\"a\")\"",
        "[combinations]?",
        "[[1, 2], [3, 4]] | [combinations]",
        "[.[] | tostring | length] | length",
        "any, all | not",
        "[true, false] | any, all",
        "map_values(1) | length",
        "path(.Instances.Instance[0].Cpu)",
        "[paths(type == \"number\")]",
        "splits(1)?",
        "ltrimstr(1) | type",
        "[.Zones[] | IN(\"a\", \"b\")]",
        "INDEX(.Instances.Instance[]; .InstanceId) | keys",
    ];
    (programs.to_vec(), instances)
}

#[test]
fn programs_give_what_jq_gives() {
    let (programs, input) = dialect();
    let Some(theirs) = jq(&programs, &input) else {
        println!("skipped: there is no jq to compare with");
        return;
    };
    let mut different = Vec::new();
    for (program, theirs) in programs.iter().zip(theirs) {
        let ours = Selector::compile_program(program).and_then(|selector| selector.all(&input));
        let same = match (&theirs, &ours) {
            (Value::Array(theirs), Ok(ours)) => theirs == ours,
            (_, ours) => ours.is_err(),
        };
        if !same {
            different.push(format!("{program}\n  jq   {theirs:?}\n  ours {ours:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// What jq makes of each program: a list of results, or a text if it fails. All in one process,
/// since jq takes long to start. `None` if there is no jq.
fn jq(programs: &[&str], input: &Value) -> Option<Vec<Value>> {
    let each: Vec<String> = programs
        .iter()
        .map(|program| format!("(try [{program}] catch \"failed\")"))
        .collect();
    let mut child = Command::new("jq")
        .args(["-c", &each.join(",\n")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let text = input.to_string();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "jq refuses a program");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[test]
fn hostile_programs_end_soon_with_an_error() {
    let commas = "(0,0)|".repeat(60) + "empty";
    let identities = "(.,.)|".repeat(60) + "empty";
    let sums = "(0,0)+".repeat(60) + "0";
    let doubled = ". as $x | ".to_owned() + &"[.,.] | ".repeat(28) + "length";
    let printed = "[.,.] | ".repeat(40) + "tojson | length";
    let compared = "[.,.] | ".repeat(40) + "tojson == 1";
    let nested = "(".repeat(5000) + "1" + &")".repeat(5000);
    let lists = "[".repeat(5000) + &"]".repeat(5000);
    let pipes = ".|".repeat(20_000) + ".";
    let minus = "-".repeat(20_000) + "1";
    let tries = "try ".repeat(20_000) + "1";
    let texts = "\"\\(".repeat(3000) + "1" + &")\"".repeat(3000);
    let index = ".".to_owned() + &"[(0,0)]?".repeat(60);
    let programs = [
        "[range(1e9)]",
        "last(range(1e9))",
        "reduce range(1e9) as $i (0; . + 1)",
        "[range(0; infinite)]",
        "foreach range(1e9) as $i (0; 0; empty)",
        "until(false; .)",
        "until(false; . + 1)",
        "last(repeat(1))",
        "[recurse(.)]",
        "last(recurse(. + 1))",
        "[while(true; .)]",
        "[limit(1e9; repeat(1))]",
        "try until(false; .) catch 1",
        "until(false; try error catch .)",
        "label $f | until(false; .)",
        "first(range(1e9) | select(. < 0))",
        "\"x\" * 1e9",
        "\"x\" * 1e7 * 1e7",
        "reduce range(100) as $i (\"x\"; . + .)",
        "reduce range(100) as $i ([0]; . + .)",
        "reduce range(100) as $i (\"x\"; \"\\(.)\\(.)\")",
        "reduce range(100) as $i (\"x\"; [., .] | join(\".\"))",
        "reduce range(100) as $i (\"x\"; [., .] | add)",
        "reduce range(100) as $i ({}; {a: ., b: .})",
        "reduce range(100) as $i ([]; [., .])",
        "reduce range(100000) as $i (0; [.])",
        "reduce range(100000) as $i (0; {a: .})",
        "reduce range(100) as $i (\"xx\"; gsub(\"x\"; \"xxx\"))",
        "reduce range(100) as $i (\"x\"; tojson)",
        "[range(100000)] | until(false; sort)",
        "[range(100000)] | until(false; group_by(.) | add)",
        "[range(1000)] | [.[] as $a | .[] as $b | .[] as $c | 1]",
        "[range(300)] | combinations(5)",
        "[[range(1000)] | combinations(3)] | length",
        ".[1e15] = 1",
        ".[100000000] = 1",
        "{} | .a[1e12] = 1",
        "path(until(false; .a))",
        "last(path(repeat(.[0])))",
        "recurse(.a) |= 1",
        "(recurse(.a)) = 1",
        "repeat(.) |= 1",
        "until(false; .) |= 1",
        "while(true; .) |= 1",
        "reduce range(100000) as $i (.; .a |= [.])",
        "(\"a\" * 5000) | test(\"(a|a)*(?=b)b\")",
        "(\"a\" * 5000) | until(false; gsub(\"(?=a)a\"; \"a\"))",
        "(\"a\" * 50000) | [match(\"\"; \"g\")] | until(false; map(.))",
        "[range(2000)] | map(tostring) | map(. as $p | try test($p + \"(?=x)\") catch 0) | until(false; .)",
        "\"(\" * 1000 | try test(.) catch 0 | until(false; .)",
        "1 | until(false; [limit(100; repeat(1))] | length)",
        "[splits(\"a\")?] | until(false; .)",
        "reduce range(1000) as $i ([range(10000)]; reverse) | reduce range(1000000) as $i (.; reverse)",
        "[range(100000) | \"x\" * 1000000]",
        "[range(100000)] as $a | reduce range(100000) as $i (0; if $a == ($a | map(.)) then 1 else 2 end)",
        "[range(1000)] as $a | last(range(1e6) | $a | contains($a))",
        "(\"ab\" * 100000) as $t | last(range(1e6) | $t | index(\"b\"))",
        "(\"ab\" * 100000) as $t | last(range(1e6) | $t[5:])",
        "(\"ab\" * 100000) | until(false; ascii_downcase)",
        "(\"ab\" * 100000) | until(false; explode | implode)",
        "(\"1\" * 100000) | until(false; [tonumber] | length)",
        "[range(1e5)] | until(false; tojson | fromjson)",
        "def f: f; f",
        "def f: 1 + f; f",
        "env",
        "$ENV",
        "halt",
        "input",
        "[.[]?] | halt_error",
        "import \"a\" as a; 1",
        "include \"a\"; 1",
        "debug",
        "now",
        "[1] | _match(\"a\"; \"\")",
        "_main",
        "a::b",
        "getpath([range(1e9)])",
        "[limit(1e9; range(1e9))]",
        "nth(1e9; repeat(1))",
        "skip(1e9; repeat(1))",
        "any(repeat(false); .)",
        "isempty(repeat(1) | empty)",
        "add(repeat(1))",
        "[range(1000000)] | transpose",
        "[range(3000) | [range(3000)]] | transpose",
        "INDEX(repeat(1); .)",
        "walk(repeat(1))?",
        "first(repeat(empty))",
        "ltrimstr(repeat(1)) | empty",
        "limit(repeat(0); 1)",
        commas.as_str(),
        identities.as_str(),
        sums.as_str(),
        doubled.as_str(),
        printed.as_str(),
        compared.as_str(),
        nested.as_str(),
        lists.as_str(),
        pipes.as_str(),
        minus.as_str(),
        tries.as_str(),
        texts.as_str(),
        index.as_str(),
    ];
    let mut bad = Vec::new();
    for program in programs {
        let start = running_time();
        let result =
            Selector::compile_program(program).and_then(|selector| selector.all(&json!({})));
        let took = running_time() - start;
        let shown: String = program.chars().take(70).collect();
        if took > Duration::from_secs(1) {
            bad.push(format!("{shown}: took {took:?}"));
        }
        if let Ok(results) = result {
            bad.push(format!("{shown}: gave {} results", results.len()));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Whatever a placeholder stands for, one of these makes the program around it whole.
const DUMMIES: [&str; 4] = ["x", "0", "[\"x\"]", "true"];

#[test]
fn every_program_of_the_corpus_compiles() {
    let Some(folder) = folder() else { return };
    let mut programs = BTreeSet::new();
    for source in sources(&folder) {
        let root = read(&source, &mut Vec::new()).unwrap();
        collect(&root, &mut programs);
    }
    let placeholder = fancy_regex::Regex::new(r"\{\{[^{}]*\}\}").unwrap();
    let start = running_time();
    let broken: Vec<_> = programs
        .iter()
        .filter(|(program, is_selector)| {
            !DUMMIES.iter().any(|dummy| {
                let text = placeholder.replace_all(program, *dummy);
                let compiled = if *is_selector {
                    Selector::compile(&text)
                } else {
                    Selector::compile_program(&text)
                };
                compiled.is_ok()
            })
        })
        .collect();
    println!(
        "{} programs in {:?}",
        programs.len(),
        running_time() - start
    );
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(
        programs.len() > 400,
        "only {} programs found",
        programs.len()
    );
}

/// Collects the programs below a node: selectors with `true`, those of `Fn::Jq` with `false`.
fn collect(node: &Node, programs: &mut BTreeSet<(String, bool)>) {
    match &node.kind {
        NodeKind::List(nodes) => nodes.iter().for_each(|node| collect(node, programs)),
        NodeKind::Map(entries) => {
            for entry in entries {
                match (entry.key.as_str(), &entry.value.kind) {
                    ("ValueSelector" | "PropertySelector", NodeKind::Text(text)) => {
                        programs.insert((text.clone(), true));
                    }
                    ("Fn::Jq", NodeKind::List(arguments)) => {
                        if let Some(NodeKind::Text(text)) = arguments.get(1).map(|node| &node.kind)
                        {
                            programs.insert((text.clone(), false));
                        }
                    }
                    _ => {}
                }
                collect(&entry.value, programs);
            }
        }
        _ => {}
    }
}

/// The words that random programs are made of.
const WORDS: [&str; 60] = [
    ".",
    ".a",
    ".b",
    "[]",
    "[0]",
    "[-1]",
    "[1:]",
    "?",
    "|",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "<",
    "and",
    "or",
    "//",
    "not",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"x\"",
    "\"\\(.)\"",
    "1",
    "0",
    "1e9",
    "null",
    "nan",
    "empty",
    "error",
    "..",
    "|=",
    "=",
    "+=",
    "as $x |",
    "$x",
    "try",
    "catch",
    "if",
    "then",
    "else",
    "end",
    "reduce",
    "range(3)",
    "recurse",
    "path(..)",
    "map(.)",
    "add",
    "tojson",
    "sort",
    "test(\"x\")",
    "gsub(\"\";\"y\")",
    "to_entries",
    "limit(2;.[])",
];

proptest::proptest! {
    #[test]
    fn random_programs_never_panic(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..12)
    ) {
        let input = json!({"a": [1, {"b": "xx"}, null, [2.5]], "b": "text"});
        for separator in ["", " ", "|"] {
            if let Ok(selector) = Selector::compile_program(&words.join(separator)) {
                drop(selector.all(&input));
            }
        }
    }
}
