//! The templates that a template calls, each looked up and parsed once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::action::{ActionKind, ActionSpec, Catalog, Embedded, Known};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Source, Spanned};
use crate::template::check::literal::literal_text;
use crate::template::model::{Task, Template};
use crate::template::parse;
use crate::template::source::TemplateSource;

/// How deep templates may call templates, the called one included (language reference 1.8: three
/// levels are documented, published templates need six, a runner should allow about eight).
pub(crate) const MAX_DEPTH: usize = 8;

/// Actions and templates by name, ignoring case.
pub(crate) struct Library<'a> {
    catalog: &'a Catalog,
    templates: &'a dyn TemplateSource,
    found: RefCell<HashMap<String, Lookup>>,
    names: RefCell<Option<Rc<[String]>>>,
}

/// What a look-up of a template came to.
#[derive(Clone)]
pub(crate) enum Lookup {
    /// There is a template.
    Found(Rc<Callee>),
    /// There is none of that name.
    Missing,
    /// It could not be read, for this reason.
    Unreadable(Rc<str>),
}

/// A template that is called.
pub(crate) struct Callee {
    /// Its name as its owner spells it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) source: Source,
    /// The template, as far as it could be read.
    pub(crate) template: Option<Template>,
    /// Its signature; empty if it could not be read.
    pub(crate) spec: ActionSpec,
    /// What is wrong with its text and shape.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What the action of a task stands for.
#[derive(Clone)]
pub(crate) enum Action<'a> {
    /// An embedded action.
    Embedded(Embedded),
    /// A native action of the provider.
    Native(&'a ActionSpec),
    /// A template.
    Template(Rc<Callee>),
    /// Nothing that is known.
    Missing,
    /// A template that could not be read, for this reason.
    Unreadable(Rc<str>),
}

impl Action<'_> {
    /// Returns the signature, if the action is known.
    pub(crate) fn spec(&self) -> Option<&ActionSpec> {
        match self {
            Self::Embedded(embedded) => Some(embedded.spec()),
            Self::Native(spec) => Some(spec),
            Self::Template(callee) => Some(&callee.spec),
            Self::Missing | Self::Unreadable(_) => None,
        }
    }

    /// Tells whether this is that embedded action.
    pub(crate) fn is(&self, embedded: Embedded) -> bool {
        matches!(self, Self::Embedded(this) if *this == embedded)
    }

    /// Tells whether the action starts executions when something happens.
    pub(crate) fn is_trigger(&self) -> bool {
        self.spec()
            .is_some_and(|spec| spec.kind == ActionKind::Trigger)
    }
}

impl<'a> Library<'a> {
    /// Joins the actions there are and the templates there are.
    pub(crate) fn new(catalog: &'a Catalog, templates: &'a dyn TemplateSource) -> Self {
        Self {
            catalog,
            templates,
            found: RefCell::default(),
            names: RefCell::default(),
        }
    }

    /// Returns what `name` stands for in `Action` of a task.
    pub(crate) fn action(&self, name: &str) -> Action<'a> {
        match self.catalog.find(name) {
            Some(Known::Embedded(embedded)) => Action::Embedded(embedded),
            Some(Known::Native(spec)) => Action::Native(spec),
            None => self.template(name),
        }
    }

    /// Returns what `name` stands for in `TemplateName` of a call: not an embedded action.
    pub(crate) fn callee(&self, name: &str) -> Action<'a> {
        match self.catalog.find(name) {
            Some(Known::Native(spec)) => Action::Native(spec),
            Some(Known::Embedded(_)) | None => self.template(name),
        }
    }

    /// Returns the templates that `callee` calls, as far as it says so.
    pub(crate) fn called_by(&self, callee: &Callee) -> Vec<Rc<Callee>> {
        let tasks = callee.template.iter().flat_map(|template| &template.tasks);
        tasks
            .filter_map(|task| {
                let action = match self.action(task.action.value.as_str()) {
                    Action::Embedded(Embedded::Template) => self.callee(template_name(task)?.value),
                    action => action,
                };
                match action {
                    Action::Template(callee) => Some(callee),
                    Action::Embedded(_)
                    | Action::Native(_)
                    | Action::Missing
                    | Action::Unreadable(_) => None,
                }
            })
            .collect()
    }

    fn template(&self, name: &str) -> Action<'a> {
        let key = name.to_ascii_lowercase();
        let known = self.found.borrow().get(&key).cloned();
        let lookup = known.unwrap_or_else(|| {
            let lookup = self.look_up(name);
            self.found.borrow_mut().insert(key, lookup.clone());
            lookup
        });
        match lookup {
            Lookup::Found(callee) => Action::Template(callee),
            Lookup::Missing => Action::Missing,
            Lookup::Unreadable(reason) => Action::Unreadable(reason),
        }
    }

    fn look_up(&self, name: &str) -> Lookup {
        match self.templates.find(name, None) {
            Ok(Some(found)) => Lookup::Found(Rc::new(Callee::parse(found.name, found.source))),
            Ok(None) => Lookup::Missing,
            Err(error) => Lookup::Unreadable(error.to_string().into()),
        }
    }

    /// Returns the names of all templates; none if they cannot be listed, since they only serve
    /// suggestions.
    pub(crate) fn template_names(&self) -> Rc<[String]> {
        Rc::clone(
            self.names
                .borrow_mut()
                .get_or_insert_with(|| self.templates.names().unwrap_or_default().into()),
        )
    }

    /// Returns the names of the actions that are no templates.
    pub(crate) fn action_names(&self) -> impl Iterator<Item = &'a str> {
        self.catalog.names()
    }
}

impl Callee {
    /// Returns the name under which all spellings meet.
    pub(crate) fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    fn parse(name: String, source: Source) -> Self {
        let parsed = parse::parse(&source);
        let spec = parsed.template.as_ref().map_or_else(
            || ActionSpec {
                name: name.clone(),
                description: (String::new(), String::new()),
                kind: ActionKind::Child,
                properties: Vec::new(),
                outputs: Vec::new(),
            },
            |template| ActionSpec::of_template(&name, template),
        );
        Self {
            name,
            source,
            template: parsed.template,
            spec,
            diagnostics: parsed.diagnostics,
        }
    }
}

/// Returns the literal `TemplateName` of a call, with its place.
pub(crate) fn template_name(task: &Task) -> Option<Spanned<&str>> {
    let name = task.properties.as_ref()?.get("TemplateName")?;
    literal_text(name).map(|text| Spanned::new(text, name.span()))
}
