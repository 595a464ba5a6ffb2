//! From words to hosts.

use std::sync::Arc;

use crate::base::name::nearest;
use crate::provider::inventory::fold::fold;
use crate::provider::inventory::host::{Host, Inventory};
use crate::provider::inventory::range::expand;
use crate::provider::inventory::words::error::WordError;
use crate::provider::inventory::words::glob::{fits, is_glob};
use crate::provider::inventory::words::parse::{Sign, Term, Word, Words};

/// The most patterns that one word may stand for; each is tried on every host.
const MOST_PATTERNS: usize = 1000;

impl Words {
    /// Returns the hosts that the words choose, each once, in the order in which the words name
    /// them. What a word names must be there, also in a word that takes away: a name that is
    /// misspelt must not widen a selection. A group without hosts is fine.
    pub fn select(&self, inventory: &Inventory) -> Result<Vec<Arc<Host>>, WordError> {
        let mut choice = Choice::new(inventory);
        for word in self.signed(Sign::Add) {
            let places = places(word, inventory)?;
            choice.add(&places);
        }
        for word in self.signed(Sign::Keep) {
            choice.keep(&places(word, inventory)?);
        }
        for word in self.signed(Sign::Drop) {
            choice.drop(&places(word, inventory)?);
        }
        Ok(choice.hosts())
    }

    fn signed(&self, sign: Sign) -> impl Iterator<Item = &Word> {
        self.0.iter().filter(move |word| word.sign == sign)
    }
}

/// What is chosen so far.
struct Choice<'a> {
    inventory: &'a Inventory,
    order: Vec<u32>,
    chosen: Vec<bool>,
}

impl<'a> Choice<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            order: Vec::new(),
            chosen: vec![false; inventory.hosts().len()],
        }
    }

    fn add(&mut self, places: &[u32]) {
        for place in places {
            let chosen = &mut self.chosen[*place as usize];
            if !std::mem::replace(chosen, true) {
                self.order.push(*place);
            }
        }
    }

    fn keep(&mut self, places: &[u32]) {
        let mut kept = vec![false; self.chosen.len()];
        for place in places {
            kept[*place as usize] = self.chosen[*place as usize];
        }
        self.chosen = kept;
    }

    fn drop(&mut self, places: &[u32]) {
        for place in places {
            self.chosen[*place as usize] = false;
        }
    }

    fn hosts(self) -> Vec<Arc<Host>> {
        let order = self.order.into_iter();
        order
            .filter(|place| self.chosen[*place as usize])
            .map(|place| Arc::clone(self.inventory.at(place)))
            .collect()
    }
}

/// Returns the places of the hosts that a word names.
fn places(word: &Word, inventory: &Inventory) -> Result<Vec<u32>, WordError> {
    if inventory.is_empty() && inventory.groups().next().is_none() {
        let word = word.text.clone();
        return Err(WordError::NoInventory { word });
    }
    match &word.term {
        Term::All => Ok(matching(inventory, |_| true)),
        Term::Group(group) => in_group(word, group, inventory),
        Term::Tag { key, value } => tagged(word, key, value.as_deref(), inventory),
        Term::Names(names) => named(word, names, inventory),
        Term::File(_) => Err(WordError::NotHere {
            word: word.text.clone(),
        }),
    }
}

fn matching(inventory: &Inventory, fits: impl Fn(&Host) -> bool) -> Vec<u32> {
    (0_u32..)
        .zip(inventory.hosts())
        .filter(|(_, host)| fits(host))
        .map(|(place, _)| place)
        .collect()
}

fn in_group(word: &Word, group: &str, inventory: &Inventory) -> Result<Vec<u32>, WordError> {
    if let Some(members) = inventory.members(group) {
        return Ok(members.to_vec());
    }
    if is_glob(group) {
        let mut groups = inventory
            .groups()
            .filter(|name| fits(group, name))
            .peekable();
        if groups.peek().is_some() {
            let members = groups.filter_map(|name| inventory.members(name));
            return Ok(members.flatten().copied().collect());
        }
    }
    let word = word.text.clone();
    let is_host = inventory.host(group).is_some();
    Err(WordError::NoGroup {
        nearest: if is_host {
            Some(group.to_owned())
        } else {
            nearest(group, inventory.groups()).map(|near| format!("@{near}"))
        },
        word,
        group: group.to_owned(),
    })
}

fn tagged(
    word: &Word,
    key: &str,
    value: Option<&str>,
    inventory: &Inventory,
) -> Result<Vec<u32>, WordError> {
    let found = matching(inventory, |host| {
        host.tags
            .get(key)
            .is_some_and(|have| value.is_none_or(|wanted| fits(wanted, have)))
    });
    if !found.is_empty() {
        return Ok(found);
    }
    let is_known = inventory.hosts().any(|host| host.tags.contains_key(key));
    let word = word.text.clone();
    if is_known {
        return Err(WordError::NothingFits { word });
    }
    let keys = inventory.hosts().flat_map(|host| host.tags.keys());
    Err(WordError::NoTag {
        nearest: nearest(key, keys.map(String::as_str)).map(|near| format!("tag:{near}")),
        word,
        key: key.to_owned(),
    })
}

fn named(word: &Word, names: &str, inventory: &Inventory) -> Result<Vec<u32>, WordError> {
    // A name may hold what looks like a range elsewhere, so the whole text goes first.
    if let Some(place) = inventory.place(names) {
        return Ok(vec![place]);
    }
    let names = expand(names).map_err(|source| WordError::Range {
        word: word.text.clone(),
        source,
    })?;
    let (patterns, names): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| is_glob(name));
    if patterns.len() > MOST_PATTERNS {
        return Err(WordError::TooManyPatterns {
            word: word.text.clone(),
            most: MOST_PATTERNS,
        });
    }
    let mut found = Vec::with_capacity(names.len());
    let mut missing: Vec<&str> = Vec::new();
    for name in &names {
        match inventory.place(name) {
            Some(place) => found.push(place),
            None => missing.push(name),
        }
    }
    if !missing.is_empty() {
        return Err(no_host(word, &missing, inventory));
    }
    for pattern in &patterns {
        let fitting = matching(inventory, |host| fits(pattern, &host.name));
        if fitting.is_empty() {
            let word = word.text.clone();
            return Err(WordError::NothingFits { word });
        }
        found.extend(fitting);
    }
    Ok(found)
}

fn no_host(word: &Word, missing: &[&str], inventory: &Inventory) -> WordError {
    let nearest = match missing {
        [name] if inventory.members(name).is_some() => Some(format!("@{name}")),
        [name] => nearest(name, inventory.hosts().map(|host| host.name.as_str()))
            .map(str::to_owned)
            .or_else(|| nearest(name, inventory.groups()).map(|near| format!("@{near}"))),
        _ => None,
    };
    WordError::NoHost {
        word: word.text.clone(),
        missing: fold(missing.iter().copied()),
        nearest,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::inventory::lineage::Lineage;
    use crate::provider::ssh::Endpoint;

    fn inventory() -> Inventory {
        let host = |name: String, groups: &[&str], tags: &[(&str, &str)]| Host {
            lineage: Arc::new(Lineage {
                groups: groups.iter().map(|name| Arc::from(*name)).collect(),
                ..Lineage::default()
            }),
            tags: Arc::new(
                tags.iter()
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect::<BTreeMap<_, _>>(),
            ),
            ..Host::new(name.clone(), Endpoint::of(name))
        };
        let web = (1..=3).map(|n| host(format!("web{n:02}"), &["web", "prod"], &[("Env", "prod")]));
        let db = (1..=2).map(|n| host(format!("db{n}"), &["db"], &[("Env", "test")]));
        Inventory::with_groups(web.chain(db), [Arc::from("empty")])
    }

    fn select(text: &str) -> Result<String, WordError> {
        let chosen = Words::parse(text)?.select(&inventory())?;
        let names: Vec<&str> = chosen.iter().map(|host| host.name.as_str()).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn words_choose_hosts_in_their_order() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(select(text).unwrap(), expected, "{text}");
        }
        case("all", "web01 web02 web03 db1 db2");
        case("@all", "web01 web02 web03 db1 db2");
        case("db2,web01", "db2 web01");
        case("db2 db2 @db", "db2 db1");
        case("@web", "web01 web02 web03");
        case("@empty", "");
        case("@p*", "web01 web02 web03");
        case("tag:Env", "web01 web02 web03 db1 db2");
        case("tag:Env=prod", "web01 web02 web03");
        case("tag:Env=t*", "db1 db2");
        case("web[01-03]", "web01 web02 web03");
        case("web[01,03]", "web01 web03");
        case("*1", "web01 db1");
        case("web0?", "web01 web02 web03");
        case("[w,d]*[1,2]", "web01 web02 db1 db2");
        case("all,!@web", "db1 db2");
        case("!db1 all", "web01 web02 web03 db2");
        case("all,&@web,!web02", "web01 web03");
        case("@web,&tag:Env=test", "");
    }

    #[test]
    fn what_is_not_there_is_named_with_the_nearest() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            let error = select(text).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
        case(
            "web04",
            "`web04`: no inventory has the host `web04`; did you mean `web01`?",
        );
        case(
            "web",
            "`web`: no inventory has the host `web`; did you mean `@web`?",
        );
        case(
            "web[01-20]",
            "`web[01-20]`: no inventory has the host `web[04-20]`",
        );
        case("@we", "`@we`: there is no group `we`; did you mean `@web`?");
        case(
            "@db1",
            "`@db1`: there is no group `db1`; did you mean `db1`?",
        );
        case(
            "tag:Enw=prod",
            "`tag:Enw=prod`: no host carries the tag `Enw`; did you mean `tag:Env`?",
        );
        case("tag:Env=live", "`tag:Env=live` fits no host");
        case("x*", "`x*` fits no host");
        case(
            "all,!web09",
            "`!web09`: no inventory has the host `web09`; did you mean `web01`?",
        );
        case(
            "file:x",
            "`file:x` is read by the command line only, before anything starts",
        );
        case("web[1-", "`web[1-` cannot be expanded");
        case(
            "!web01",
            "`!web01` only takes hosts away; begin with `all`, or with what there is to take from",
        );
    }

    #[test]
    fn without_an_inventory_the_remedy_is_named() {
        let error = Words::parse("web01").unwrap();
        let error = error.select(&Inventory::default()).unwrap_err().to_string();
        assert!(error.contains("--inventory"), "{error}");
    }

    #[test]
    fn a_hundred_thousand_hosts_are_chosen_from_at_once() {
        let hosts = (0..100_000).map(|n| {
            let name = format!("web{n:06}");
            Host::new(name.clone(), Endpoint::of(name))
        });
        let inventory = Inventory::new(hosts);
        let words = Words::parse("web[000000-099999],!web0999*,&all").unwrap();
        assert_eq!(words.select(&inventory).unwrap().len(), 99_900);
    }
}
