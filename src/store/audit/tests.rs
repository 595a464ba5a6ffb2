//! The chain itself: every change is found, at the right record.

use serde_json::json;

use crate::store::audit::{
    AuditAction, AuditHead, AuditRecord, AuditReport, Chain, Deed, Flaw, beginning, deed_of,
    from_line, to_line,
};
use crate::store::conformance::fixture::{at, event, id, map, start};

/// A chain of some records.
fn records() -> Vec<AuditRecord> {
    let mut deeds = vec![beginning(&[])];
    for (actor, action, detail) in [
        (
            "ann",
            AuditAction::Started,
            json!({"event": 1, "load": 0.1}),
        ),
        (
            "bob",
            AuditAction::Approved,
            json!({"event": 7, "note": "so be it"}),
        ),
        ("bob", AuditAction::SecretSet, json!({})),
        ("ann", AuditAction::Cancelled, json!({"event": 9})),
    ] {
        let mut deed = Deed::new(actor, action, id(1).as_str());
        deed.detail = map(detail);
        deeds.push(deed);
    }
    let mut records: Vec<AuditRecord> = Vec::new();
    for (seconds, deed) in (0..).zip(&deeds) {
        let head = records.last().map(AuditRecord::head);
        records.push(AuditRecord::next(
            head.as_ref(),
            at(seconds),
            "0@here",
            deed,
        ));
    }
    records
}

fn verify(records: &[AuditRecord], expected: Option<AuditHead>) -> AuditReport {
    let mut chain = Chain::new(expected);
    for record in records {
        chain.follow(Ok(record));
    }
    chain.finish()
}

/// Returns the number of the first record that is wrong.
fn first_flaw(records: &[AuditRecord], expected: Option<AuditHead>) -> Option<u64> {
    verify(records, expected)
        .flaws
        .first()
        .map(|flaw| flaw.number)
}

#[test]
fn a_whole_chain_has_no_flaw_and_a_head() {
    let records = records();
    let report = verify(&records, Some(records[2].head()));
    assert_eq!(report.flaws, []);
    assert_eq!(report.records, 5);
    assert_eq!(report.head, Some(records[4].head()));
    let printed = records[4].head().to_string();
    assert_eq!(printed.parse::<AuditHead>().unwrap(), records[4].head());
    for text in ["", "5", "5:", "x:sha256:00", "5:sha256:zz"] {
        assert!(text.parse::<AuditHead>().is_err(), "{text}");
    }
}

#[test]
fn every_record_that_is_left_out_is_found() {
    let records = records();
    for missing in 0..records.len() {
        let mut rest = records.clone();
        rest.remove(missing);
        let expected = Some(records[4].head());
        assert_eq!(first_flaw(&rest, expected), Some(missing as u64 + 1));
    }
    assert_eq!(first_flaw(&[], None), Some(1));
}

#[test]
fn every_two_records_that_change_places_are_found() {
    let records = records();
    for one in 0..records.len() {
        for two in one + 1..records.len() {
            let mut moved = records.clone();
            moved.swap(one, two);
            assert_eq!(first_flaw(&moved, None), Some(one as u64 + 1));
            // Also when they take over each other's number.
            let number = moved[one].number;
            moved[one].number = moved[two].number;
            moved[two].number = number;
            assert_eq!(first_flaw(&moved, None), Some(one as u64 + 1));
        }
    }
}

#[test]
fn every_record_that_is_put_in_is_found() {
    let records = records();
    for place in 0..=records.len() {
        for copied in &records {
            let mut more = records.clone();
            more.insert(place, copied.clone());
            // A copy of the last record behind it is the only one that is found by its number.
            let expected = place.min(more.len()) as u64 + 1;
            let found = first_flaw(&more, None).unwrap();
            let same = copied.number == expected;
            assert_eq!(found, if same { expected + 1 } else { expected }, "{place}");
        }
    }
}

#[test]
fn a_chain_made_anew_is_found_by_a_head_that_was_noted() {
    let records = records();
    let mut forged: Vec<AuditRecord> = Vec::new();
    for record in &records {
        let mut deed = Deed::new("eve", AuditAction::Started, record.subject.as_str());
        deed.detail = serde_json::from_str(&record.detail).unwrap();
        let head = forged.last().map(AuditRecord::head);
        forged.push(AuditRecord::next(head.as_ref(), record.at, "0@here", &deed));
    }
    assert_eq!(first_flaw(&forged, None), None);
    assert_eq!(first_flaw(&forged, Some(records[4].head())), Some(5));
    // Cut off and gone on with: the number is there again, the record is another.
    let cut = &records[..3];
    assert_eq!(first_flaw(cut, None), None);
    assert_eq!(first_flaw(cut, Some(records[4].head())), Some(4));
}

#[test]
fn every_byte_of_an_exported_line_counts() {
    let records = records();
    let lines: Vec<String> = records.iter().map(to_line).collect();
    for (place, line) in lines.iter().enumerate() {
        assert_eq!(from_line(line).as_ref(), Ok(&records[place]));
        for byte in 0..line.len() {
            for bit in 0..8 {
                let mut bytes = line.clone().into_bytes();
                bytes[byte] ^= 1 << bit;
                let mut chain = Chain::default();
                for record in &records[..place] {
                    chain.follow(Ok(record));
                }
                let changed = String::from_utf8(bytes).map_err(|_| "no text".to_owned());
                let is_whole = match changed.and_then(|line| from_line(&line)) {
                    Ok(record) => chain.follow(Ok(&record)),
                    Err(problem) => chain.follow(Err(problem)),
                };
                assert!(!is_whole, "bit {bit} of byte {byte} of {line}");
                assert_eq!(chain.finish().flaws[0].number, place as u64 + 1);
            }
        }
    }
}

#[test]
fn nothing_is_encoded_like_anything_else() {
    // Parts that run into each other must not make the same digest.
    let deed = |actor: &str, subject: &str| Deed::new(actor, AuditAction::Skipped, subject);
    let one = AuditRecord::next(None, at(0), "here", &deed("ab", "c"));
    let mut two = AuditRecord::next(None, at(0), "here", &deed("a", "bc"));
    assert_ne!(one.digest, two.digest);
    two.actor = "ab".to_owned();
    two.subject = "c".to_owned();
    assert_eq!(two.expected_digest(), one.digest);
}

#[test]
fn a_start_tells_who_and_what_without_what_is_long() {
    let mut started = start(&id(1));
    started
        .parameters
        .insert("list".into(), "x".repeat(5000).into());
    let fact = crate::engine::event::Fact::ExecutionStarted(Box::new(started.clone()));
    let deed = deed_of(&id(1), 1, &event(0, fact)).unwrap();
    assert_eq!(deed.actor, "anna");
    let record = AuditRecord::next(None, at(0), "here", &deed);
    assert!(record.detail.len() < 1000, "{}", record.detail);
    assert_eq!(record.detail_value("template_name"), Some(json!("Restart")));
    assert_eq!(record.detail_value("self_approval"), None);
    started.self_approval = true;
    let fact = crate::engine::event::Fact::ExecutionStarted(Box::new(started.clone()));
    let deed = deed_of(&id(1), 1, &event(0, fact)).unwrap();
    assert_eq!(deed.detail["self_approval"], true);
    // A child is started by its parent, not by a person.
    started.parent = Some(crate::store::conformance::fixture::unit(0, None));
    let fact = crate::engine::event::Fact::ExecutionStarted(Box::new(started));
    assert_eq!(deed_of(&id(1).child(1), 1, &event(0, fact)), None);
}

#[test]
fn a_flaw_names_its_record() {
    let flaw = Flaw::new(3, "it is missing");
    assert_eq!(
        serde_json::to_value(flaw).unwrap(),
        json!({"Number": 3, "Problem": "it is missing"})
    );
}
