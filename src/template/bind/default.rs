//! Defaults: worked out after what they refer to.

use crate::base::name::Name;
use crate::base::value::Value;
use crate::template::bind::binding::{BindError, Slot, Strictness};
use crate::template::bind::coerce::coerce;
use crate::template::bind::constraint;
use crate::template::bind::names::Names;
use crate::template::expr::{Expression, Pseudo, Reference, Scope};
use crate::template::model::{Parameter, Template};

/// Most circles that are reported; finding one costs as much as it is long.
const CIRCLES: usize = 10;

/// Gives every empty slot its default.
pub(super) fn fill(template: &Template, names: &Names<'_>, slots: &mut [Slot], scope: &dyn Scope) {
    let needs: Vec<Vec<usize>> = template
        .parameters
        .iter()
        .zip(&*slots)
        .map(|(parameter, slot)| match (slot, &parameter.default) {
            (Slot::Empty, Some(default)) => needs(default, names),
            _ => Vec::new(),
        })
        .collect();
    let (order, circles) = order(&needs);
    for circle in &circles {
        refuse(template, circle, slots);
    }
    for at in order {
        if !matches!(slots[at], Slot::Empty) {
            continue;
        }
        let usable = needs[at]
            .iter()
            .all(|need| matches!(slots[*need], Slot::Bound(_)));
        slots[at] = if usable {
            value(template, at, names, slots, scope)
        } else {
            Slot::Failed(Vec::new())
        };
    }
}

/// The parameters that a default refers to.
fn needs(default: &Expression, names: &Names<'_>) -> Vec<usize> {
    default
        .references()
        .into_iter()
        .filter_map(|reference| match reference.value {
            Reference::Parameter(name) => names.find(name.as_str()),
            Reference::Output { .. }
            | Reference::Pseudo(_)
            | Reference::Stored(_)
            | Reference::Secret(_) => None,
        })
        .collect()
}

/// Sorts so that everything comes after what it needs; also returns the circles, where that is
/// impossible.
///
/// Walks with a stack of its own, because chains of defaults may be long.
fn order(needs: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; needs.len()];
    let mut sorted = Vec::with_capacity(needs.len());
    let mut circles = Vec::new();
    for start in 0..needs.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let Some(need) = needs[*at].get(*next).copied() else {
                marks[*at] = Mark::Done;
                sorted.push(*at);
                path.pop();
                continue;
            };
            *next += 1;
            match marks[need] {
                Mark::New => {
                    marks[need] = Mark::Open;
                    path.push((need, 0));
                }
                Mark::Open if circles.len() < CIRCLES => {
                    let circle = path.iter().map(|(at, _)| *at);
                    circles.push(circle.skip_while(|at| *at != need).collect());
                }
                Mark::Open | Mark::Done => {}
            }
        }
    }
    (sorted, circles)
}

fn refuse(template: &Template, circle: &[usize], slots: &mut [Slot]) {
    let name = |at: &usize| template.parameters[*at].name.value.as_str();
    let first = circle.first().expect("a circle has at least one member");
    let path: Vec<String> = circle
        .iter()
        .chain([first])
        .map(|at| format!("`{}`", name(at)))
        .collect();
    let problem = BindError::new(
        name(first),
        format!(
            "the default of parameter `{}` needs itself: {}",
            name(first),
            path.join(" -> ")
        ),
    )
    .hint("give one of them a value, or a default that refers to none of the others");
    for at in circle {
        if matches!(slots[*at], Slot::Empty) {
            slots[*at] = Slot::Failed(Vec::new());
        }
    }
    if let Slot::Failed(problems) = &mut slots[*first] {
        problems.push(problem);
    }
}

fn value(
    template: &Template,
    at: usize,
    names: &Names<'_>,
    slots: &[Slot],
    scope: &dyn Scope,
) -> Slot {
    let parameter = &template.parameters[at];
    let Some(default) = &parameter.default else {
        return Slot::Failed(Vec::new());
    };
    let overlay = Overlay {
        template,
        names,
        slots,
        scope,
    };
    let raw = match default.evaluate(&overlay) {
        Ok(raw) => raw,
        Err(problem) => {
            let name = parameter.name.value.as_str();
            let message = format!("the default of parameter `{name}` has no value: {problem}");
            return Slot::Failed(vec![BindError::new(name, message)]);
        }
    };
    accept(parameter, &raw)
}

/// The author wrote the default, so a list may stand for a string; and an empty text says "none",
/// whatever the constraints demand of a text.
fn accept(parameter: &Parameter, raw: &Value) -> Slot {
    let value = match coerce(parameter, raw, Strictness::Nested) {
        Ok(value) => value,
        Err(_) if raw.as_str().is_some_and(str::is_empty) => return Slot::Bound(raw.clone()),
        Err(problem) => return Slot::Failed(vec![problem]),
    };
    if value.as_str().is_some_and(str::is_empty) {
        return Slot::Bound(value);
    }
    let problems = constraint::violations(parameter, raw, &value);
    if problems.is_empty() {
        Slot::Bound(value)
    } else {
        Slot::Failed(problems)
    }
}

/// The scope of defaults: parameters are those of the template, never those of its caller.
struct Overlay<'a> {
    template: &'a Template,
    names: &'a Names<'a>,
    slots: &'a [Slot],
    scope: &'a dyn Scope,
}

impl Scope for Overlay<'_> {
    fn parameter(&self, name: &Name) -> Option<Value> {
        match &self.slots[self.names.find(name.as_str())?] {
            Slot::Bound(value) => Some(value.clone()),
            Slot::Empty | Slot::Given(_) | Slot::Failed(_) => None,
        }
    }

    fn output(&self, _task: &Name, _output: &Name) -> Option<Value> {
        None
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        self.scope.pseudo(pseudo)
    }

    fn stored(&self, path: &str) -> Option<Value> {
        self.scope.stored(path)
    }

    fn secret(&self, path: &str) -> Option<Value> {
        self.scope.secret(path)
    }

    fn condition(&self, name: &Name) -> Option<&Expression> {
        self.template
            .conditions
            .iter()
            .find(|condition| condition.name.value == *name)
            .map(|condition| &condition.expression)
    }
}
