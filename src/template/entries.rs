//! The entries of the parameter store that a template names (language reference 3.9).

use std::collections::BTreeSet;

use crate::template::check::expressions;
use crate::template::expr::Reference;
use crate::template::model::Template;

/// Names an entry of the parameter store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EntryName {
    /// `{{ oos:name }}`.
    Plain(String),
    /// `{{ oos-secret:name }}`.
    Secret(String),
}

impl EntryName {
    /// Returns the name alone.
    pub fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Secret(name) => name,
        }
    }
}

/// Returns the entries that a template names, those in branches that may not be taken and in the
/// steps of loops included.
pub fn named(template: &Template) -> BTreeSet<EntryName> {
    expressions(template)
        .flat_map(crate::template::expr::Expression::references)
        .filter_map(|reference| match reference.value {
            Reference::Stored(name) => Some(EntryName::Plain(name)),
            Reference::Secret(name) => Some(EntryName::Secret(name)),
            Reference::Parameter(_) | Reference::Output { .. } | Reference::Pseudo(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::source::Source;
    use crate::template::parse::parse;

    #[test]
    fn entries_are_found_wherever_a_template_may_name_them() {
        let text = "FormatVersion: OOS-2019-06-01
Description: '{{ oos-secret:only/words }}'
RamRole: '{{ oos:role }}'
Parameters:
  p: {Default: '{{ oos:default }}'}
Conditions:
  c: {'Fn::Equals': ['{{ oos:condition }}', 1]}
Tasks:
  - Name: loop
    Action: ACS::Loop
    Properties:
      LoopItems: ['{{ oos:item }}']
      LoopTasks:
        - Name: step
          Action: ACS::ExecuteAPI
          Properties: {Service: Demo, API: x, Parameters: {a: 'x{{ oos-secret:db/step }}'}}
  - Name: call
    Action: ACS::ExecuteAPI
    When: {'Fn::Not': '{{ OOS:when }}'}
    Loop: {Items: ['{{ oos:loop }}'], RateControl: {Mode: Concurrency, Concurrency: '{{ oos:rate }}'}}
    Properties: {Service: Demo, API: '{{ oos-secret:api }}'}
    Outputs:
      o: {Type: String, ValueSelector: '{{ oos:selector }}'}
Outputs:
  o: {Type: String, Value: '{{ oos-secret:output }}'}
";
        let template = parse(&Source::new("t", text)).template.unwrap();
        let names: Vec<EntryName> = named(&template).into_iter().collect();
        let plain = [
            "condition",
            "default",
            "item",
            "loop",
            "rate",
            "role",
            "selector",
            "when",
        ];
        let secret = ["api", "db/step", "output"];
        let plain = plain.map(|name| EntryName::Plain(name.to_owned()));
        let secret = secret.map(|name| EntryName::Secret(name.to_owned()));
        assert_eq!(names, [&plain[..], &secret[..]].concat());
    }
}
