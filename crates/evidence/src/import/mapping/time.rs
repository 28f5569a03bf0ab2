//! The time that a text names.

use super::words;

/// A time after the first dose, in the unit of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Weeks.
    Weeks(f64),
    /// Months.
    Months(f64),
}

/// The one time that a text names, `Week 12`, `baseline and 3 months`; none if it names several, none or
/// a window (`up to 24 months`).
pub fn time(text: &str) -> Option<Time> {
    let words = words(text);
    if ["up to", "through", "within", "until", "from"]
        .iter()
        .any(|w| words.contains(&format!(" {w} ")))
        || text.contains('.')
    {
        return None;
    }
    let tokens: Vec<&str> = words.split_whitespace().collect();
    let mut times = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(per) = unit_of_time(token) else {
            continue;
        };
        let number = |i: Option<usize>| {
            let number: f64 = tokens.get(i?)?.parse().ok()?;
            (number.is_finite() && number < 1200.0).then_some(number)
        };
        // `Week 12` or `12 weeks`; `Day 0` is the start and no time after it.
        let after = number(index.checked_add(1)).filter(|_| !token.ends_with('s'));
        if let Some(time) = after.or(number(index.checked_sub(1))).map(per)
            && time != Some(Time::Weeks(0.0))
            && time != Some(Time::Months(0.0))
        {
            times.push(time?);
        }
    }
    match times.as_slice() {
        [time] => Some(*time),
        _ => None,
    }
}

fn unit_of_time(word: &str) -> Option<fn(f64) -> Option<Time>> {
    Some(match word {
        "day" | "days" => |n| (n % 7.0 == 0.0).then_some(Time::Weeks(n / 7.0)),
        "week" | "weeks" => |n| Some(Time::Weeks(n)),
        "month" | "months" => |n| Some(Time::Months(n)),
        "year" | "years" => |n| Some(Time::Months(12.0 * n)),
        _ => return None,
    })
}
