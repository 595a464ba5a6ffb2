//! Child executions: product actions, `ACS::Template`, the items of `ACS::Loop`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::base::diagnostic::Diagnostic;
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::secret::Redactor;
use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::engine::Execution;
use crate::engine::effect::Effect;
use crate::engine::event::{BoundPlan, Outer, Started};
use crate::engine::input::Input;
use crate::engine::status::{ExecutionStatus, LoopMode, Mode};
use crate::runner::conductor::{self, Ended, Parent, Seat, Told, Tree};
use crate::runner::entries::Entries;
use crate::runner::handle::{Identity, Runner, RunnerError};
use crate::runner::scope::StartScope;
use crate::runner::started::{role, secret_names, task_heads};
use crate::template::bind::{self, Strictness};
use crate::template::check;
use crate::template::model::Template;
use crate::template::parse;
use crate::template::source::TemplateSource as _;

/// What a child gets from its parent.
#[derive(Debug)]
pub(super) struct Birth {
    /// The parent's end.
    pub(super) parent: Parent,
    /// What the parent started with.
    pub(super) started: Arc<Started>,
    /// The plan that the child is bound to.
    pub(super) plan: Option<BoundPlan>,
    /// The values that the parent must not show.
    pub(super) secrets: Vec<Value>,
}

/// Starts a child, or goes on with one that was started before, and conducts it to its end.
pub(super) async fn raise(
    runner: Runner,
    tree: Arc<Tree>,
    birth: Birth,
    effect: Effect,
) -> Result<Told, RunnerError> {
    let unit = birth.parent.unit;
    let Effect::Child {
        id,
        template,
        version,
        content,
        parameters,
        outer,
    } = effect
    else {
        unreachable!("only child effects are raised");
    };
    let events = runner.store().read(&id).await?;
    let seat = if events.is_empty() {
        let wish = Wish {
            id: id.clone(),
            template,
            version,
            content,
            parameters,
            outer,
        };
        match seat_new(&runner, &tree, &birth, wish).await? {
            Ok(seat) => seat,
            Err(reason) => return Ok(Told::Input(Input::ChildRefused { unit, reason })),
        }
    } else {
        runner.seat(&id, events, &tree.closure).await?
    };
    let news = secrets_of_its_own(&seat, &birth);
    let parent = Some(birth.parent);
    let ended = conductor::conduct(runner, tree, id.clone(), seat, parent).await?;
    Ok(match ended {
        Ended::Stopped => Told::Stopped,
        Ended::Final { outputs, .. } if news.finds(&Value::Object(outputs.clone())) => {
            Told::Input(Input::ChildEnded {
                unit,
                status: ExecutionStatus::Failed,
                outputs: Map::new(),
                message: format!(
                    "`{id}` hands on a secret that its parent cannot hide, because the template was \
                     not known before the start: name the template as it is, or the secret in the \
                     parent"
                ),
            })
        }
        Ended::Final {
            status,
            outputs,
            message,
        } => Told::Input(Input::ChildEnded {
            unit,
            status,
            outputs,
            message: news.text(&message),
        }),
    })
}

/// Returns a filter for secrets that the child has read and its parent has not: a parent that began
/// without them records what it is told in plain text.
fn secrets_of_its_own(seat: &Seat, birth: &Birth) -> Redactor {
    let started = match &seat.first {
        Some(Input::Start(started)) => Some(&**started),
        _ => seat.execution.started(),
    };
    let read = started
        .into_iter()
        .flat_map(|started| started.stored_secrets.values());
    Redactor::new(read.filter(|secret| !birth.secrets.contains(secret)))
}

/// A child as the parent's task asks for it.
struct Wish {
    id: ExecutionId,
    template: String,
    version: Option<String>,
    content: Option<String>,
    parameters: Map,
    outer: Option<Outer>,
}

/// Makes the seat of a new child, or says why there can be none.
async fn seat_new(
    runner: &Runner,
    tree: &Tree,
    birth: &Birth,
    wish: Wish,
) -> Result<Result<Seat, String>, RunnerError> {
    let found = match find(runner, tree, &wish) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let text = found.template.source.text();
    // The text is kept for everybody, as every template is; the steps of a loop are part of one.
    let is_told = wish.content.is_some() && wish.outer.is_none();
    if is_told && Redactor::new(&birth.secrets).text(text) != text {
        let reason = "`TemplateContent` holds a secret value; give it as a parameter".to_owned();
        return Ok(Err(reason));
    }
    let parent = &birth.started;
    let identity = Identity::of(parent);
    // A template that was pinned names nothing that was not read before the root's start.
    let entries = match Entries::of(parent).complete([found.template.as_ref()], runner.parameters())
    {
        Ok(entries) => entries,
        Err(error) => return Ok(Err(format!("`{}`: {error}", found.name))),
    };
    let scope = StartScope {
        id: wish.id.clone(),
        now: runner.clock().now(),
        identity: &identity,
        entries: &entries,
        parameters: None,
    };
    let bound = bind::bind(
        &found.template,
        &wish.parameters,
        Strictness::Nested,
        &scope,
    );
    let parameters = match bound {
        Ok(parameters) => parameters,
        Err(errors) => {
            let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Ok(Err(format!("`{}`: {}", found.name, messages.join("; "))));
        }
    };
    let role = role(&found.template, &parameters, &scope).or_else(|| parent.role.clone());
    if !found.pinned {
        runner
            .store()
            .keep(vec![found.template.source.text().to_owned()])
            .await?;
    }
    let started = Started {
        id: wish.id,
        template: found.digest,
        library: parent.library.clone(),
        tasks: task_heads(&found.template),
        native: runner.native_actions(&found.template),
        plan: birth.plan.clone(),
        self_approval: parent.self_approval,
        repeats: None,
        trigger: None,
        fired: None,
        hold: None,
        stored: entries.stored,
        stored_secrets: entries.secrets,
        secret: secret_names(&found.template),
        inherited_secrets: birth.secrets.clone(),
        role,
        template_name: found.name,
        template_version: found.version,
        parameters,
        mode: Mode::Automatic,
        loop_mode: LoopMode::Automatic,
        safety_check: parent.safety_check,
        region: identity.region,
        account: identity.account,
        user: identity.user,
        parent: Some(birth.parent.unit),
        outer: wish.outer,
        inventory: None,
        origin: None,
        changing: Vec::new(),
        description: String::new(),
        tags: BTreeMap::new(),
    };
    Ok(Ok(Seat {
        execution: Execution::new(found.template),
        seq: 0,
        resumed: false,
        first: Some(Input::Start(Box::new(started))),
        heard: HashSet::new(),
    }))
}

/// A template for a child.
struct Found {
    name: String,
    version: Option<String>,
    digest: Digest,
    template: Arc<Template>,
    /// Whether its text is stored already.
    pinned: bool,
}

fn find(runner: &Runner, tree: &Tree, wish: &Wish) -> Result<Found, String> {
    if let Some(content) = &wish.content {
        let name = if wish.template.is_empty() {
            "<inline>"
        } else {
            &wish.template
        };
        let source = Source::new(name, content);
        // The steps of an `ACS::Loop` were checked with the template around them, and cannot be
        // without it.
        let steps = wish.outer.is_some();
        return parsed(name, None, &source, |template| {
            if steps {
                Vec::new()
            } else {
                check_template(runner, template)
            }
        });
    }
    if let Some(entry) = tree.closure.find(&wish.template, wish.version.as_deref()) {
        return Ok(Found {
            name: entry.name.clone(),
            version: entry.version.clone(),
            digest: entry.digest.clone(),
            template: Arc::clone(&entry.template),
            pinned: true,
        });
    }
    // The name became known only now, so it was not pinned at the start.
    match runner
        .library()
        .find(&wish.template, wish.version.as_deref())
    {
        Ok(Some(found)) => parsed(&found.name, found.version, &found.source, |template| {
            check_template(runner, template)
        }),
        Ok(None) => Err(format!("there is no template `{}`", wish.template)),
        Err(error) => Err(error.to_string()),
    }
}

fn check_template(runner: &Runner, template: &Template) -> Vec<Diagnostic> {
    check::check(template, runner.catalog(), runner.library())
}

fn parsed(
    name: &str,
    version: Option<String>,
    source: &Source,
    check: impl FnOnce(&Template) -> Vec<Diagnostic>,
) -> Result<Found, String> {
    let digest = Digest::of(source.text().as_bytes());
    let parsed = parse::parse(source);
    let mut diagnostics = parsed.diagnostics;
    if let Some(template) = &parsed.template {
        diagnostics.extend(check(template));
    }
    if let Some(error) = diagnostics
        .iter()
        .find(|diagnostic| Diagnostic::is_error(diagnostic))
    {
        return Err(format!("{}: {}", error.place(source), error.message));
    }
    let template = parsed
        .template
        .ok_or_else(|| format!("`{name}` is no template"))?;
    let template = Arc::new(template);
    Ok(Found {
        name: name.to_owned(),
        version,
        digest,
        template,
        pinned: false,
    })
}
