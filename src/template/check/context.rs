//! What a rule is, and what it may look at.

use std::ops::Range;

use crate::action::{ActionSpec, Embedded};
use crate::base::source::Spanned;
use crate::template::check::library::{Action, Library, template_name};
use crate::template::check::literal::is_null;
use crate::template::check::report::Report;
use crate::template::check::site::{Owner, Site, sites};
use crate::template::expr::{Expression, MapEntry};
use crate::template::model::{Task, Template};

/// One thing that may be wrong with a template.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    /// The code of everything that it reports.
    pub(crate) code: &'static str,
    /// Looks for it.
    pub(crate) check: fn(&Context<'_>, &mut Report),
}

/// A template under check, with what its tasks call.
pub(crate) struct Context<'a> {
    /// The template.
    pub(crate) template: &'a Template,
    /// Actions and templates by name.
    pub(crate) library: &'a Library<'a>,
    /// The tasks, each with its action.
    pub(crate) tasks: Vec<Step<'a>>,
    /// Every expression.
    pub(crate) sites: Vec<Site<'a>>,
}

/// A task and what it calls.
pub(crate) struct Step<'a> {
    /// Its place in the list.
    pub(crate) index: usize,
    /// The task.
    pub(crate) task: &'a Task,
    /// What its `Action` stands for.
    pub(crate) action: Action<'a>,
    /// What is run as a child: the action itself, or what `ACS::Template` names.
    pub(crate) child: Option<Child<'a>>,
}

/// A child execution that a task asks for.
pub(crate) struct Child<'a> {
    /// The name by which it is called, and where.
    pub(crate) name: Spanned<&'a str>,
    /// What it stands for.
    pub(crate) action: Action<'a>,
    /// The arguments as they are written: `Properties`, or `Parameters` of `ACS::Template`.
    pub(crate) arguments: Option<&'a Expression>,
}

/// What an action wants, and what is written for it.
pub(crate) struct Signature<'s> {
    /// The action.
    pub(crate) action: &'s Action<'s>,
    /// What it wants.
    pub(crate) spec: &'s ActionSpec,
    /// What is written.
    pub(crate) entries: &'s [MapEntry],
}

impl<'s> Signature<'s> {
    fn new(action: &'s Action<'_>, entries: Option<&'s [MapEntry]>) -> Option<Self> {
        let spec = action.spec()?;
        Some(Self {
            action,
            spec,
            entries: entries?,
        })
    }
}

impl<'a> Context<'a> {
    /// Looks up everything that the template calls.
    pub(crate) fn new(template: &'a Template, library: &'a Library<'a>) -> Self {
        let tasks = template
            .tasks
            .iter()
            .enumerate()
            .map(|(index, task)| Step::new(index, task, library))
            .collect();
        Self {
            template,
            library,
            tasks,
            sites: sites(template),
        }
    }

    /// Returns the steps that ask people for approvals.
    pub(crate) fn approvals(&self) -> impl Iterator<Item = &Step<'a>> {
        let steps = self.tasks.iter();
        steps.filter(|step| step.action.is(Embedded::Approve))
    }
}

impl Context<'_> {
    /// Lets the tasks of `range` name a loop item: they are the steps of an `ACS::Loop`.
    pub(crate) fn give_item(&mut self, range: Range<usize>) {
        let steps = &self.template.tasks[range];
        for site in &mut self.sites {
            if let Owner::Task(owner) = site.owner {
                site.item |= steps.iter().any(|step| std::ptr::eq(step, owner));
            }
        }
    }
}

impl<'a> Step<'a> {
    fn new(index: usize, task: &'a Task, library: &'a Library<'a>) -> Self {
        let action = library.action(task.action.value.as_str());
        let child = match &action {
            Action::Embedded(Embedded::Template) => template_name(task).map(|name| Child {
                action: library.callee(name.value),
                name,
                arguments: property(task, "Parameters"),
            }),
            Action::Native(_) | Action::Template(_) => Some(Child {
                name: Spanned::new(task.action.value.as_str(), task.action.span),
                action: action.clone(),
                arguments: task.properties.as_ref(),
            }),
            Action::Embedded(_) | Action::Missing | Action::Unreadable(_) => None,
        };
        Self {
            index,
            task,
            action,
            child,
        }
    }

    /// Tells whether the task is a call of `ACS::Template`.
    pub(crate) fn calls_template(&self) -> bool {
        self.action.is(Embedded::Template)
    }

    /// Tells whether the action is an embedded one.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.action, Action::Embedded(_))
    }

    /// Returns the signatures that the task must meet, each with what is written for it: that of
    /// the action, and with `ACS::Template` that of the template too. Signatures that are not
    /// known and maps that are computed as a whole are left out.
    pub(crate) fn signatures(&self) -> Vec<Signature<'_>> {
        let own = Signature::new(&self.action, self.properties());
        let called = self.child.as_ref().filter(|_| self.calls_template());
        let called = called.and_then(|child| {
            let entries = match child.arguments {
                None => Some(&[] as &[MapEntry]),
                Some(arguments) if is_null(arguments) => Some(&[] as &[MapEntry]),
                Some(arguments) => arguments.entries(),
            };
            Signature::new(&child.action, entries)
        });
        own.into_iter().chain(called).collect()
    }

    /// Returns the properties as they are written; `None` if they are computed as a whole.
    pub(crate) fn properties(&self) -> Option<&'a [MapEntry]> {
        match &self.task.properties {
            None => Some(&[]),
            Some(expression) => expression.entries(),
        }
    }

    /// Returns a property as it is written.
    pub(crate) fn property(&self, name: &str) -> Option<&'a Expression> {
        property(self.task, name)
    }
}

/// Returns a property as it is written, by exact spelling first, then ignoring case.
fn property<'a>(task: &'a Task, name: &str) -> Option<&'a Expression> {
    task.properties.as_ref()?.get(name)
}
