//! Puts meters into a program: at every place that may be passed many times there is a call that
//! pays a step, or ends the program in a way that it cannot catch.

use std::cell::Cell;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

use super::budget::{self, Limit};

/// The function that pays one step; programs cannot spell it.
pub(super) const STEP: &str = "!step";
/// The function at the start of a recursive definition.
pub(super) const ENTER: &str = "!enter";
/// Longest path of an update or of `path(f)`.
pub(super) const MAX_PATH: usize = 500;
/// What a program that was ended says; it is never shown.
pub(super) const EXIT_CODE: i32 = 1;
/// Recursive calls in one update: unlike others they pile up on the stack.
const MAX_UPDATES: u32 = 200;

thread_local! {
    static UPDATES: Cell<u32> = const { Cell::new(0) };
}

/// Pays a step; `false` if the evaluation is over.
pub(super) fn pay_step() -> bool {
    budget::pay(4)
}

/// Pays for a recursive call in an update.
pub(super) fn enter_update() -> bool {
    let updates = UPDATES.get() + 1;
    UPDATES.set(updates);
    if updates > MAX_UPDATES {
        budget::exceed(Limit::Depth);
    }
    pay_step()
}

/// Begins to count recursive calls in updates anew.
pub(super) fn reset() {
    UPDATES.set(0);
}

/// Puts meters into a definition of the standard library.
pub(super) fn definition(def: Def<&str>) -> Def<&str> {
    Def {
        body: term(def.body),
        ..def
    }
}

/// Puts meters into a term. It must not be nested too deeply.
pub(super) fn term(unmetered: Term<&str>) -> Term<&str> {
    match unmetered {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Break(_) => unmetered,
        Term::Recurse => before(Term::Recurse, STEP),
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(part).collect()),
        Term::Arr(inner) => Term::Arr(inner.map(boxed)),
        Term::Obj(entries) => {
            let entry = |(key, value): (_, Option<_>)| (term(key), value.map(term));
            Term::Obj(entries.into_iter().map(entry).collect())
        }
        Term::Neg(inner) => Term::Neg(boxed(inner)),
        Term::BinOp(left, op, right) => binary(*left, op, *right),
        Term::Label(name, inner) => Term::Label(name, boxed(inner)),
        Term::Fold(name, source, binding, rest) => {
            let rest = rest
                .into_iter()
                .map(|inner| after(STEP, term(inner)))
                .collect();
            Term::Fold(name, boxed(source), pattern(binding), rest)
        }
        Term::TryCatch(inner, catch) => Term::TryCatch(boxed(inner), catch.map(boxed)),
        Term::IfThenElse(branches, other) => {
            let branch = |(condition, then)| (term(condition), term(then));
            Term::IfThenElse(branches.into_iter().map(branch).collect(), other.map(boxed))
        }
        Term::Def(definitions, inner) => {
            let definitions = definitions.into_iter().map(|def| Def {
                body: after(ENTER, term(def.body)),
                ..def
            });
            Term::Def(definitions.collect(), boxed(inner))
        }
        Term::Call(name, arguments) => Term::Call(name, arguments.into_iter().map(term).collect()),
        Term::Path(inner, path) => {
            let plain = path.0.iter().all(|(part, _)| is_plain(part));
            let metered = Term::Path(boxed(inner), path_of(path));
            if plain {
                metered
            } else {
                before(metered, STEP)
            }
        }
    }
}

#[expect(clippy::boxed_local, reason = "terms hold boxes")]
fn boxed(inner: Box<Term<&str>>) -> Box<Term<&str>> {
    Box::new(term(*inner))
}

fn binary<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    let (left, right) = (term(left), term(right));
    match op {
        BinaryOp::Comma => Term::BinOp(
            Box::new(left),
            BinaryOp::Comma,
            Box::new(after(STEP, right)),
        ),
        BinaryOp::Pipe(binding) => {
            let op = BinaryOp::Pipe(binding.map(pattern));
            Term::BinOp(Box::new(left), op, Box::new(right))
        }
        op => Term::BinOp(Box::new(left), op, Box::new(right)),
    }
}

/// `term | meter`
fn before<'s>(metered: Term<&'s str>, meter: &'s str) -> Term<&'s str> {
    pipe(metered, Term::Call(meter, Vec::new()))
}

/// `meter | term`
fn after<'s>(meter: &'s str, metered: Term<&'s str>) -> Term<&'s str> {
    pipe(Term::Call(meter, Vec::new()), metered)
}

fn pipe<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

fn part<'s>(part: StrPart<&'s str, Term<&'s str>>) -> StrPart<&'s str, Term<&'s str>> {
    match part {
        StrPart::Term(inner) => StrPart::Term(term(inner)),
        StrPart::Str(_) | StrPart::Char(_) => part,
    }
}

fn pattern(binding: Pattern<&str>) -> Pattern<&str> {
    match binding {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(inner) => Pattern::Arr(inner.into_iter().map(pattern).collect()),
        Pattern::Obj(entries) => {
            let entry = |(key, inner)| (term(key), pattern(inner));
            Pattern::Obj(entries.into_iter().map(entry).collect())
        }
    }
}

fn path_of(path: Path<Term<&str>>) -> Path<Term<&str>> {
    let metered = |part| match part {
        Part::Index(index) => Part::Index(term(index)),
        Part::Range(from, to) => Part::Range(from.map(term), to.map(term)),
    };
    Path(
        path.0
            .into_iter()
            .map(|(part, opt)| (metered(part), opt))
            .collect(),
    )
}

/// Tells whether a part of a path has at most one result.
fn is_plain<S>(part: &Part<Term<S>>) -> bool {
    match part {
        Part::Index(Term::Num(_) | Term::Var(_)) => true,
        Part::Index(Term::Str(None, parts)) => {
            parts.iter().all(|part| !matches!(part, StrPart::Term(_)))
        }
        Part::Index(_) | Part::Range(..) => false,
    }
}

/// Returns how many indices and bounds of a path are computed by programs of their own.
pub(super) fn computed_parts<S>(path: &Path<Term<S>>) -> usize {
    let is_iteration = |part: &Part<Term<S>>| matches!(part, Part::Range(None, None));
    path.0
        .iter()
        .filter(|(part, _)| !is_plain(part) && !is_iteration(part))
        .count()
}
