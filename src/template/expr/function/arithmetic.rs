//! The arithmetic of `Fn::Eval`: numbers, `+ - * / %`, parentheses and unary minus.

/// Longest text.
const MAX_LENGTH: usize = 1000;
/// Deepest nesting of parentheses and signs.
const MAX_DEPTH: usize = 50;

/// Evaluates an arithmetic text.
pub(super) fn evaluate(text: &str) -> Result<f64, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the text is longer than {MAX_LENGTH} characters"));
    }
    let mut parser = Parser {
        rest: text,
        depth: 0,
    };
    let result = parser.sum()?;
    match parser.peek() {
        None => Ok(result),
        Some(c) => Err(format!("unexpected `{c}` in `{text}`")),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// Takes the next character if it is one of `wanted`.
    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let c = self.peek().filter(|c| wanted.contains(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn sum(&mut self) -> Result<f64, String> {
        let mut total = self.product()?;
        while let Some(operator) = self.take(&['+', '-']) {
            let right = self.product()?;
            total = if operator == '+' {
                total + right
            } else {
                total - right
            };
        }
        Ok(total)
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut total = self.factor()?;
        while let Some(operator) = self.take(&['*', '/', '%']) {
            let right = self.factor()?;
            if operator != '*' && right == 0.0 {
                return Err("division by zero".to_owned());
            }
            total = match operator {
                '*' => total * right,
                '/' => total / right,
                _ => total % right,
            };
        }
        Ok(total)
    }

    fn factor(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("too many parentheses or signs".to_owned());
        }
        let result = match self.take(&['-', '+', '(']) {
            Some('-') => Ok(-self.factor()?),
            Some('+') => self.factor(),
            Some(_) => {
                let inner = self.sum()?;
                match self.take(&[')']) {
                    Some(_) => Ok(inner),
                    None => Err("a closing parenthesis is missing".to_owned()),
                }
            }
            None => self.number(),
        };
        self.depth -= 1;
        result
    }

    fn number(&mut self) -> Result<f64, String> {
        let inside = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest.find(|c| !inside(c)).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let number = digits.parse().map_err(|_| match self.rest.chars().next() {
            Some(c) => format!("expected a number before `{c}`"),
            None => "expected a number at the end".to_owned(),
        })?;
        self.rest = rest;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the numbers are exact")]
    fn arithmetic_follows_the_usual_rules() {
        #[track_caller]
        fn case(text: &str, expected: f64) {
            assert_eq!(evaluate(text).unwrap(), expected, "{text}");
        }
        case("-2*24", -48.0);
        case("1 + 2 * 3", 7.0);
        case("(1 + 2) * 3", 9.0);
        case("7 % 4 - --1", 2.0);
        case("10/4", 2.5);
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in ["", "1 +", "(1", "a", "1 2", "1/0", "5 % 0"] {
            assert!(evaluate(text).is_err(), "{text}");
        }
        assert!(evaluate(&"(".repeat(900)).is_err());
        assert!(evaluate(&"1+".repeat(900)).is_err());
    }
}
