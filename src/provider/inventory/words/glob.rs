//! Patterns of names: `*` stands for any letters, `?` for one.

/// Tells whether a text is a pattern.
pub(in crate::provider::inventory) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Tells whether `text` fits `pattern`. Takes at most as many steps as both are long multiplied.
pub(in crate::provider::inventory) fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when what was tried does not fit: the last star took one letter too few.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let before = (pattern.clone(), text.clone());
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = before.1;
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            (Some('?'), Some(_)) => continue,
            (Some(wanted), Some(letter)) if wanted == letter => continue,
            _ => {}
        }
        let Some((after_star, mut from)) = retry.take() else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = from.clone();
        retry = Some((after_star, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_letters() {
        #[track_caller]
        fn case(pattern: &str, text: &str, expected: bool) {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        case("web*", "web01", true);
        case("web*", "web", true);
        case("*web", "aweb", true);
        case("w?b", "wüb", true);
        case("w?b", "wb", false);
        case("*a*b*c", "xxaxxbbxc", true);
        case("*a*b*c", "xxaxxbbx", false);
        case("", "", true);
        case("", "x", false);
        case("**", "", true);
    }

    #[test]
    fn many_stars_cost_no_more_than_their_product() {
        let pattern = "*a".repeat(200);
        assert!(!fits(&pattern, &"a".repeat(199)));
        assert!(!fits(&format!("{pattern}b"), &"a".repeat(5000)));
    }
}
