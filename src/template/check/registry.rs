//! The list of all rules.

use crate::template::check::context::Rule;
use crate::template::check::rule;

/// The code of the finding that a called template has errors itself, which the checker makes.
pub(crate) const INVALID_CALLEE: &str = "invalid-callee";

/// Every rule. Their order does not matter: findings are ordered by place.
pub(crate) const RULES: &[Rule] = &[
    rule::action_case::RULE,
    rule::approver_count::RULE,
    rule::backward_jump::RULE,
    rule::choice_shape::RULE,
    rule::default_cycle::RULE,
    rule::duplicate_name::RULE,
    rule::embedding_cycle::RULE,
    rule::embedding_depth::RULE,
    rule::forward_reference::RULE,
    rule::ignored_attribute::RULE,
    rule::impossible_constraint::RULE,
    rule::invalid_argument::RULE,
    rule::invalid_default::RULE,
    rule::invalid_jq::RULE,
    rule::jump_with_reference::RULE,
    rule::lock_setting::RULE,
    rule::loop_item_outside_loop::RULE,
    rule::loop_not_allowed::RULE,
    rule::loop_setting::RULE,
    rule::misspelt_function::RULE,
    rule::missing_desired_values::RULE,
    rule::missing_property::RULE,
    rule::pattern_syntax::RULE,
    rule::placeholder_kept::RULE,
    rule::property_case::RULE,
    rule::reference_case::RULE,
    rule::state_format::RULE,
    rule::stray_comma::RULE,
    rule::timeout_outcome::RULE,
    rule::trigger_dates::RULE,
    rule::trigger_expression::RULE,
    rule::trigger_in_child::RULE,
    rule::trigger_not_first::RULE,
    rule::unaggregated_output::RULE,
    rule::undeclared_aggregate::RULE,
    rule::undeclared_child_output::RULE,
    rule::unknown_action::RULE,
    rule::unknown_condition::RULE,
    rule::unknown_jump_target::RULE,
    rule::unknown_property::RULE,
    rule::unknown_reference::RULE,
    rule::unknown_template::RULE,
    rule::unknown_time_zone::RULE,
    rule::unknown_word::RULE,
    rule::unreachable_task::RULE,
    rule::unreadable_template::RULE,
    rule::unsupported_action::RULE,
    rule::wrong_property_type::RULE,
];

/// Returns the codes of everything that a check may report.
pub fn codes() -> impl Iterator<Item = &'static str> {
    RULES
        .iter()
        .map(|rule| rule.code)
        .chain(std::iter::once(INVALID_CALLEE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_code_of_its_own() {
        let mut codes: Vec<_> = codes().collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
