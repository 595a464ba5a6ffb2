//! `oos graph`: the flow of a template, or of an execution with its statuses.

use clap::{Args, ValueEnum};

use crate::base::source::Source;
use crate::cli::client::{self, Client};
use crate::cli::exit::Exit;
use crate::cli::graph::{self, Flow};
use crate::cli::refusal::not_found;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::template_file::{parsed, read_file, reference};
use crate::cli::workshop::library;
use crate::engine::event::{Event, Fact};
use crate::runner::TemplateRef;
use crate::store::view::TaskFilter;
use crate::store::{Store, StoreError};
use crate::template::model::Template;
use crate::template::parse::parse;
use crate::template::source::TemplateSource as _;

/// Arguments of `oos graph`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A template (a file or a name) or an execution (an id or @last)
    #[arg(value_name = "TEMPLATE|ID")]
    subject: String,
    /// The form of the picture
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// Lines of text.
    #[default]
    Text,
    /// A Mermaid flow chart.
    Mermaid,
    /// A picture for browsers.
    Svg,
}

impl Arguments {
    /// Prints the picture.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let flow = if self.subject.starts_with("exec-") || self.subject.starts_with('@') {
            let client = Client::open(&session.settings)?;
            client.wait(flow_of_execution(client.store(), &self.subject))?
        } else {
            Flow::new(&template(&self.subject, session)?)
        };
        let page = match self.form {
            Form::Text => graph::text(&flow),
            Form::Mermaid => graph::mermaid(&flow),
            Form::Svg => graph::svg(&flow),
        };
        session.output.text(&page)?;
        Ok(Exit::Success)
    }
}

async fn flow_of_execution(store: &dyn Store, id: &str) -> Result<Flow, Failure> {
    let view = client::find(store, id).await?;
    let events = store.events(&view.execution_id, 0, 1).await?;
    let Some((
        _,
        Event {
            fact: Fact::ExecutionStarted(started),
            ..
        },
    )) = events.first()
    else {
        return Err(damaged(
            &view.execution_id.to_string(),
            "it does not begin with its start",
        ));
    };
    let text = store.content(&started.template).await?;
    let text = text.ok_or_else(|| damaged(&started.template.to_string(), "it is missing"))?;
    let parsed = parse(&Source::new(&view.template_name, text)).template;
    let template =
        parsed.ok_or_else(|| damaged(&started.template.to_string(), "it cannot be parsed"))?;
    let mut flow = Flow::new(&template);
    for task in store
        .tasks(&view.execution_id, &TaskFilter::default())
        .await?
    {
        flow.set_status(&task.task_name, task.status);
    }
    Ok(flow)
}

fn damaged(what: &str, reason: &str) -> Failure {
    StoreError::Damaged {
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
    .into()
}

fn template(subject: &str, session: &mut Session) -> Result<Template, Failure> {
    let source = match reference(subject, None) {
        TemplateRef::File(path) => read_file(&path, &mut session.output)?,
        TemplateRef::Text { name, text } => Source::new(name, text),
        TemplateRef::Name { name, version } => {
            let client = Client::open(&session.settings)?;
            let library = library(&session.settings, client.sqlite(), client.handle());
            match library
                .find(&name, version.as_deref())
                .map_err(Failure::usage)?
            {
                Some(found) => found.source,
                None => return Err(not_found(&name, &library)?),
            }
        }
    };
    parsed(source, &mut session.output)
}
