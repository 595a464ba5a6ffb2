//! The functions that are written in jq: parsed and metered once, and only those that a program
//! needs are compiled with it, since compiling them all takes longer than everything else.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

use super::{meter, native};

/// Our own definitions; they replace those of jaq of the same name.
const OURS: &str = include_str!("definitions.jq");

/// A name and how many arguments it has.
pub(super) type Key = (String, usize);

/// Everything that programs may call.
pub(super) struct Library {
    definitions: Vec<Def<&'static str>>,
    /// For each definition those that it needs, all of them earlier in the list.
    needs: Vec<BTreeSet<usize>>,
    by_name: HashMap<Key, usize>,
    natives: BTreeSet<Key>,
}

/// Returns the library.
pub(super) fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(Library::load);
    &LIBRARY
}

impl Library {
    fn load() -> Self {
        let natives: BTreeSet<Key> = native::all()
            .iter()
            .map(|(name, arguments, _)| ((*name).to_owned(), arguments.len()))
            .collect();
        let ours = jaq_core::load::parse(OURS, |parser| parser.defs())
            .expect("the definitions are tested to parse");
        let replaced: BTreeSet<Key> = ours.iter().map(key).chain(natives.clone()).collect();
        let jaq = jaq_core::defs()
            .chain(jaq_std::defs())
            .filter(|def| !replaced.contains(&key(def)));
        let mut library = Self {
            definitions: Vec::new(),
            needs: Vec::new(),
            by_name: HashMap::new(),
            natives,
        };
        for def in jaq.chain(ours) {
            library.add(def);
        }
        library
    }

    /// Adds a definition, unless it needs something that is not allowed.
    fn add(&mut self, def: Def<&'static str>) {
        let mut called = BTreeSet::new();
        calls(&def.body, &mut local_names(&def), &mut called);
        let mut needs = BTreeSet::new();
        for callee in &called {
            match self.by_name.get(callee) {
                Some(index) => {
                    needs.insert(*index);
                    needs.extend(self.needs[*index].iter().copied());
                }
                None if self.natives.contains(callee) || *callee == key(&def) => {}
                None => return,
            }
        }
        self.by_name.insert(key(&def), self.definitions.len());
        self.needs.push(needs);
        self.definitions.push(meter::definition(def));
    }

    /// Tells whether programs may call this.
    pub(super) fn knows(&self, name: &str, arity: usize) -> bool {
        let key = (name.to_owned(), arity);
        !name.starts_with('_') && (self.by_name.contains_key(&key) || self.natives.contains(&key))
    }

    /// Tells whether there is a function of that name with any number of arguments.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Returns all names, some of them several times.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let natives = self.natives.iter().map(|(name, _)| name.as_str());
        self.by_name
            .keys()
            .map(|(name, _)| name.as_str())
            .chain(natives)
    }

    /// Returns the definitions that calls of these need, in order.
    pub(super) fn closure(&self, called: &BTreeSet<Key>) -> Vec<Def<&'static str>> {
        let mut needed = BTreeSet::new();
        for index in called.iter().filter_map(|key| self.by_name.get(key)) {
            needed.insert(*index);
            needed.extend(self.needs[*index].iter().copied());
        }
        needed
            .into_iter()
            .map(|index| self.definitions[index].clone())
            .collect()
    }
}

fn key(def: &Def<&str>) -> Key {
    (def.name.to_owned(), def.args.len())
}

/// The arguments of a definition, which its body may call.
fn local_names(def: &Def<&str>) -> Vec<Key> {
    def.args
        .iter()
        .map(|argument| ((*argument).to_owned(), 0))
        .collect()
}

/// Collects what a term calls, but for what is defined inside of it.
pub(super) fn calls(term: &Term<&str>, local: &mut Vec<Key>, called: &mut BTreeSet<Key>) {
    match term {
        Term::Call(name, arguments) => {
            let key = ((*name).to_owned(), arguments.len());
            if !local.contains(&key) {
                called.insert(key);
            }
        }
        Term::Str(Some(format), _) => {
            called.insert(((*format).to_owned(), 0));
        }
        _ => {}
    }
    let Term::Def(definitions, inner) = term else {
        children(term, &mut |inner| calls(inner, local, called));
        return;
    };
    let outer = local.len();
    local.extend(definitions.iter().map(key));
    for def in definitions {
        let known = local.len();
        local.extend(local_names(def));
        calls(&def.body, local, called);
        local.truncate(known);
    }
    calls(inner, local, called);
    local.truncate(outer);
}

/// Visits a term and everything below it.
pub(super) fn walk(term: &Term<&str>, visit: &mut dyn FnMut(&Term<&str>)) {
    visit(term);
    children(term, &mut |inner| walk(inner, visit));
}

/// Visits the terms directly below a term.
fn children(term: &Term<&str>, visit: &mut dyn FnMut(&Term<&str>)) {
    match term {
        Term::Id
        | Term::Recurse
        | Term::Num(_)
        | Term::Var(_)
        | Term::Break(_)
        | Term::Arr(None) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(inner) = part {
                    visit(inner);
                }
            }
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => visit(inner),
        Term::Obj(entries) => {
            for (name, value) in entries {
                visit(name);
                value.iter().for_each(&mut *visit);
            }
        }
        Term::BinOp(left, op, right) => {
            visit(left);
            visit(right);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                pattern_children(pattern, visit);
            }
        }
        Term::Fold(_, source, pattern, rest) => {
            visit(source);
            rest.iter().for_each(&mut *visit);
            pattern_children(pattern, visit);
        }
        Term::TryCatch(inner, catch) => {
            visit(inner);
            if let Some(catch) = catch {
                visit(catch);
            }
        }
        Term::IfThenElse(branches, other) => {
            for (condition, then) in branches {
                visit(condition);
                visit(then);
            }
            if let Some(other) = other {
                visit(other);
            }
        }
        Term::Def(definitions, inner) => {
            for def in definitions {
                visit(&def.body);
            }
            visit(inner);
        }
        Term::Call(_, arguments) => arguments.iter().for_each(visit),
        Term::Path(inner, path) => {
            visit(inner);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => visit(index),
                    Part::Range(from, to) => from.iter().chain(to).for_each(&mut *visit),
                }
            }
        }
    }
}

fn pattern_children(pattern: &Pattern<&str>, visit: &mut dyn FnMut(&Term<&str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(inner) => inner
            .iter()
            .for_each(|inner| pattern_children(inner, visit)),
        Pattern::Obj(entries) => {
            for (name, inner) in entries {
                visit(name);
                pattern_children(inner, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::expr::jq::program::OUTSIDE;

    #[test]
    fn our_definitions_are_all_usable() {
        let ours = jaq_core::load::parse(OURS, |parser| parser.defs()).unwrap();
        for def in &ours {
            assert!(library().by_name.contains_key(&key(def)), "{}", def.name);
        }
    }

    #[test]
    fn nothing_reaches_outside() {
        for name in OUTSIDE {
            assert!(!library().has_name(name), "{name}");
        }
    }
}
