//! From a cloud assistant command to what the driver runs.
//!
//! A script is handed over as a file and never as an argument, and nothing of ours passes through a
//! shell. The one textual substitution is the vendor's own: with `EnableParameter`, `{{name}}` in
//! the content stands for a parameter's text, as the author of the command asked for. Who puts
//! foreign text into a command that way has to quote it there.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::base::call::ApiError;
use crate::base::value::{self, Map, Value};
use crate::provider::local::driver::Command;
use crate::provider::local::fault;
use crate::provider::local::request::Request;

/// How long a command may run when the call does not say, as at the vendor.
const DEFAULT_TIMEOUT: u64 = 60;

/// The longest time a command may run, one day, as at the vendor.
const MAX_TIMEOUT: u64 = 86_400;

/// The search path of commands.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Which interpreter reads a script that does not name one in its first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Interpreter {
    /// `/bin/sh`.
    Shell,
    /// `python3`.
    Python,
    /// `perl`.
    Perl,
    /// `pwsh`, on hosts that have it.
    PowerShell,
}

impl Interpreter {
    /// Returns the program and its arguments before the script.
    fn argv(self) -> &'static [&'static str] {
        match self {
            Self::Shell => &["/bin/sh"],
            Self::Python => &["python3"],
            Self::Perl => &["perl"],
            Self::PowerShell => &["pwsh", "-NoProfile", "-NonInteractive", "-File"],
        }
    }

    /// Reads a command type; those for Windows only are refused.
    pub(super) fn from_type(text: &str) -> Result<Self, ApiError> {
        match text.to_ascii_lowercase().as_str() {
            "runshellscript" => Ok(Self::Shell),
            "runpythonscript" => Ok(Self::Python),
            "runperlscript" => Ok(Self::Perl),
            "runpowershellscript" => Ok(Self::PowerShell),
            _ => Err(no_such_type(text)),
        }
    }

    /// Returns the command type.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Shell => "RunShellScript",
            Self::Python => "RunPythonScript",
            Self::Perl => "RunPerlScript",
            Self::PowerShell => "RunPowerShellScript",
        }
    }
}

/// What is to be run, without the values of its parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Script {
    /// Who reads it.
    pub(super) interpreter: Interpreter,
    /// Its text.
    pub(super) content: String,
    /// Where it runs.
    pub(super) directory: Option<String>,
    /// The longest time it may run, in seconds.
    pub(super) timeout: u64,
    /// Whether `{{name}}` stands for parameters.
    pub(super) has_parameters: bool,
}

impl Script {
    /// Reads a script from the parameters that `RunCommand` and `CreateCommand` share; they differ
    /// in the encoding that content has when the call does not say.
    pub(super) fn of(request: &Request<'_>, default_encoding: &str) -> Result<Self, ApiError> {
        let encoding = request.text("ContentEncoding")?;
        let encoding = encoding.as_deref().unwrap_or(default_encoding);
        Ok(Self {
            interpreter: Interpreter::from_type(&request.required("Type")?)?,
            content: decode(
                "CommandContent",
                &request.required("CommandContent")?,
                encoding,
            )?,
            directory: request.text("WorkingDir")?,
            timeout: read_timeout(request, "Timeout")?.unwrap_or(DEFAULT_TIMEOUT),
            has_parameters: request.flag("EnableParameter")?,
        })
    }

    /// Returns what the driver runs in an instance, for `user`, with the values of `parameters`.
    pub(super) fn command(
        &self,
        user: Option<String>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Command, ApiError> {
        if self.interpreter == Interpreter::PowerShell {
            return Err(no_such_type(self.interpreter.type_name()));
        }
        let name = user.as_deref().unwrap_or("root");
        let home = if name == "root" {
            "/root".to_owned()
        } else {
            format!("/home/{name}")
        };
        let environment = [
            ("PATH", PATH.to_owned()),
            ("HOME", home),
            ("USER", name.to_owned()),
            ("LOGNAME", name.to_owned()),
            ("SHELL", "/bin/sh".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        Ok(Command {
            environment: environment
                .map(|(name, text)| (name.to_owned(), text))
                .into(),
            ..self.host_command(user, parameters)?
        })
    }

    /// Returns what the driver runs on a host, for `user`, with the values of `parameters`: the
    /// environment is that of a login there.
    pub(super) fn host_command(
        &self,
        user: Option<String>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Command, ApiError> {
        let content = if self.has_parameters {
            substitute(&self.content, parameters)?
        } else {
            self.content.clone()
        };
        Ok(Command {
            argv: self.argv(&content),
            script: Some(content),
            environment: BTreeMap::new(),
            directory: self.directory.clone(),
            user,
            timeout: Duration::from_secs(self.timeout),
            plain: false,
            age: None,
        })
    }

    /// The first line may name the interpreter, as the kernel reads it: a path and the rest of the
    /// line as one argument. Vendor templates send Python as `RunShellScript` and rely on that.
    fn argv(&self, content: &str) -> Vec<String> {
        let mut argv = Vec::new();
        match content
            .strip_prefix("#!")
            .and_then(|text| text.lines().next())
        {
            Some(line) if !line.trim().is_empty() => {
                let line = line.trim();
                match line.split_once([' ', '\t']) {
                    Some((path, rest)) => argv.extend([path, rest.trim()].map(str::to_owned)),
                    None => argv.push(line.to_owned()),
                }
            }
            _ => argv.extend(self.interpreter.argv().iter().map(|&word| word.to_owned())),
        }
        let is_powershell = self.interpreter == Interpreter::PowerShell;
        argv.push(
            if is_powershell {
                "{script}.ps1"
            } else {
                "{script}"
            }
            .to_owned(),
        );
        argv
    }
}

fn no_such_type(text: &str) -> ApiError {
    ApiError::new(
        "InvalidParameter.Type",
        format!(
            "commands of type `{text}` cannot run on a Linux instance; expected RunShellScript, \
             RunPythonScript or RunPerlScript"
        ),
    )
}

/// Reads a time limit in seconds.
pub(super) fn read_timeout(request: &Request<'_>, name: &str) -> Result<Option<u64>, ApiError> {
    match request.number(name)? {
        Some(seconds) if !(1..=MAX_TIMEOUT).contains(&seconds) => {
            let why = format!("expected 1 to {MAX_TIMEOUT} seconds, found {seconds}");
            Err(fault::invalid(name, &why))
        }
        other => Ok(other),
    }
}

/// Decodes content that is `PlainText` or `Base64`.
pub(super) fn decode(name: &str, content: &str, encoding: &str) -> Result<String, ApiError> {
    let bytes = decode_bytes(name, content, encoding)?;
    String::from_utf8(bytes).map_err(|_| fault::invalid(name, "it is not UTF-8 text"))
}

/// Decodes content that is `PlainText` or `Base64` and may be anything.
pub(super) fn decode_bytes(name: &str, text: &str, encoding: &str) -> Result<Vec<u8>, ApiError> {
    if encoding.eq_ignore_ascii_case("PlainText") {
        return Ok(text.as_bytes().to_vec());
    }
    if !encoding.eq_ignore_ascii_case("Base64") {
        let why = format!("it is `{encoding}`; expected PlainText or Base64");
        return Err(fault::invalid("ContentEncoding", &why));
    }
    let packed: String = text.split_ascii_whitespace().collect();
    STANDARD
        .decode(packed)
        .map_err(|error| fault::invalid(name, &format!("it is not Base64: {error}")))
}

/// Reads the values of a command's parameters: a map, or JSON text of one.
pub(super) fn read_parameters(
    name: &str,
    given: Option<&Value>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let parsed: Map;
    let map = match given {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(map)) => map,
        Some(Value::String(text)) => {
            parsed = serde_json::from_str(text)
                .map_err(|error| fault::invalid(name, &format!("it is no JSON map: {error}")))?;
            &parsed
        }
        Some(other) => {
            let why = format!("expected a map, found {}", value::kind(other));
            return Err(fault::invalid(name, &why));
        }
    };
    // The vendor's own InvokeCommand action passes `{"": ""}` for "no parameters".
    let named = map.iter().filter(|(key, _)| !key.is_empty());
    Ok(named
        .map(|(key, value)| (key.clone(), value::text(value)))
        .collect())
}

/// Puts values in the place of `{{name}}`. Values are not looked at again.
fn substitute(content: &str, values: &BTreeMap<String, String>) -> Result<String, ApiError> {
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else {
            break;
        };
        let name = name.trim();
        text.push_str(before);
        let value = values.get(name).ok_or_else(|| {
            let why = format!("the command uses `{{{{{name}}}}}`, which has no value");
            fault::invalid("Parameters", &why)
        })?;
        text.push_str(value);
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(interpreter: Interpreter, content: &str) -> Script {
        Script {
            interpreter,
            content: content.to_owned(),
            directory: None,
            timeout: 60,
            has_parameters: true,
        }
    }

    #[test]
    fn the_first_line_may_name_the_interpreter() {
        #[track_caller]
        fn case(interpreter: Interpreter, content: &str, expected: &[&str]) {
            let script = script(interpreter, content);
            assert_eq!(script.argv(content), expected, "{content}");
        }
        case(Interpreter::Shell, "echo", &["/bin/sh", "{script}"]);
        case(Interpreter::Python, "print()", &["python3", "{script}"]);
        case(
            Interpreter::Shell,
            "#!/usr/bin/env python3\nx",
            &["/usr/bin/env", "python3", "{script}"],
        );
        case(
            Interpreter::Shell,
            "#! /bin/bash\r\nx",
            &["/bin/bash", "{script}"],
        );
        case(
            Interpreter::Shell,
            "#!/usr/bin/env -S a b\n",
            &["/usr/bin/env", "-S a b", "{script}"],
        );
        case(Interpreter::Shell, "#!\necho", &["/bin/sh", "{script}"]);
    }

    #[test]
    fn parameters_are_put_in_once_and_never_read_again() {
        let values = BTreeMap::from([
            ("a".to_owned(), "{{b}}".to_owned()),
            ("b".to_owned(), "no".to_owned()),
        ]);
        let command = script(Interpreter::Shell, "x {{ a }} {{b}} {{").command(None, &values);
        assert_eq!(command.unwrap().script.unwrap(), "x {{b}} no {{");
    }

    #[test]
    fn a_parameter_without_value_is_named() {
        let error = script(Interpreter::Shell, "{{gone}}")
            .command(None, &BTreeMap::new())
            .unwrap_err();
        assert!(error.message.contains("{{gone}}"), "{}", error.message);
    }

    #[test]
    fn windows_commands_are_refused_by_name() {
        let error = Interpreter::from_type("RunBatScript").unwrap_err();
        assert!(error.message.contains("`RunBatScript`"));
    }
}
