//! Finds out what this machine allows by doing it: makes an instance and runs a command in it.

use std::path::Path;
use std::time::Duration;

use crate::base::value::Value;
use crate::provider::local::driver::{
    Base, Command, CommandEnd, Driver, DriverError, Finding, InstanceSpec, Offsets,
};

use super::driver::Sandbox;
use super::failure::Step;

/// How long the trial command may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tries every step of making an instance under the state folder `root` with the `oos` file
/// `executable`. Returns one finding a step up to the one that failed.
pub async fn probe(root: &Path, executable: &Path) -> Vec<Finding> {
    let id = format!("probe-{}", std::process::id());
    let sandbox = match Sandbox::new(root.to_owned(), executable.to_owned()) {
        Ok(sandbox) => sandbox,
        Err(error) => return vec![failed("making the state folder", &error)],
    };
    let tried = try_instance(&sandbox, &id).await;
    let removed = sandbox.delete(&id).await;
    let mut findings = steps(&tried);
    // What was never made cannot be removed; the step that failed says why.
    if let (Ok(()), Err(error)) = (&tried, removed) {
        findings.push(failed("removing the trial instance", &error));
    }
    findings
}

async fn try_instance(sandbox: &Sandbox, id: &str) -> Result<(), DriverError> {
    sandbox
        .create(&InstanceSpec {
            id: id.to_owned(),
            hostname: id.to_owned(),
            base: Base::Host,
            layers: Vec::new(),
        })
        .await?;
    sandbox.start(id).await?;
    let command = Command {
        argv: vec!["true".to_owned()],
        script: None,
        environment: std::collections::BTreeMap::new(),
        directory: Some("/".to_owned()),
        user: None,
        timeout: PATIENCE,
        plain: false,
        age: None,
    };
    sandbox.invoke(id, "trial", &command).await?;
    let progress = sandbox
        .poll(id, "trial", None, Offsets::default(), 4096, PATIENCE)
        .await?;
    match progress.end {
        Some(CommandEnd::Exited { code: 0 }) => Ok(()),
        end => Err(DriverError::System {
            step: Step::Execute.to_string(),
            reason: format!("`true` ended with {end:?}"),
        }),
    }
}

/// Turns the outcome into findings: all steps before the failed one worked.
fn steps(tried: &Result<(), DriverError>) -> Vec<Finding> {
    let stopped_at = match tried {
        Ok(()) => None,
        Err(DriverError::Unsupported { step, .. }) => Some(step.clone()),
        Err(error) => return vec![failed("making a trial instance", error)],
    };
    let mut findings = Vec::new();
    for step in Step::ALL.map(|step| step.to_string()) {
        if let (Err(error), Some(stopped)) = (tried, &stopped_at)
            && *stopped == step
        {
            findings.push(failed(&step, error));
            break;
        }
        findings.push(Finding {
            step,
            works: true,
            detail: "works".to_owned(),
            remedy: None,
            data: Value::Null,
        });
    }
    findings
}

fn failed(step: &str, error: &DriverError) -> Finding {
    let (detail, remedy) = match error {
        DriverError::Unsupported { reason, remedy, .. } => (reason.clone(), Some(remedy.clone())),
        other => (other.to_string(), None),
    };
    Finding {
        step: step.to_owned(),
        works: false,
        detail,
        remedy,
        data: Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_that_failed_is_named_last_and_with_a_remedy() {
        let findings = steps(&Err(DriverError::Unsupported {
            step: Step::Proc.to_string(),
            reason: "Operation not permitted".to_owned(),
            remedy: "unmask /proc".to_owned(),
        }));
        let last = findings.last().unwrap();
        assert_eq!(last.step, "mounting a process file system");
        assert!(!last.works);
        assert_eq!(last.remedy.as_deref(), Some("unmask /proc"));
        assert!(
            findings[..findings.len() - 1]
                .iter()
                .all(|finding| finding.works)
        );
        assert_eq!(findings.len(), 9);
    }

    #[test]
    fn a_success_lists_every_step() {
        assert_eq!(steps(&Ok(())).len(), Step::ALL.len());
    }
}
