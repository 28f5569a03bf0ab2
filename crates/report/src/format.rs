//! Numbers as text: fixed rules, so that equal numbers give equal bytes.

/// Printed where a number does not exist.
pub const MISSING: &str = "–";

/// A number with three significant digits, thousands separated, a true minus sign.
///
/// ```
/// use neurocart_report::format::significant;
/// assert_eq!(significant(0.012345), "0.0123");
/// assert_eq!(significant(-12345.6), "−12,300");
/// assert_eq!(significant(f64::NAN), "–");
/// ```
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let exponent = magnitude(value);
    if !(-4..9).contains(&exponent) {
        let scaled = value / 10f64.powi(exponent);
        return format!("{} × 10{}", fixed(scaled, 2), superscript(exponent));
    }
    if exponent >= 3 {
        let unit = 10f64.powi(exponent - 2);
        return fixed((value / unit).round() * unit, 0);
    }
    trim(fixed(value, (2 - exponent) as usize))
}

/// A count: whole if it is whole, else with one decimal (a mean over replicates).
pub fn count(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.to_string();
    }
    let decimals = if (value - value.round()).abs() < 1e-9 {
        0
    } else {
        1
    };
    fixed(value, decimals)
}

/// A proportion from 0 to 1 as a percentage: whole from 10 % upward, one decimal below.
pub fn percent(proportion: f64) -> String {
    let value = 100.0 * proportion;
    if !value.is_finite() {
        return MISSING.to_string();
    }
    let decimals = if value.abs() >= 9.95 { 0 } else { 1 };
    format!("{}%", trim(fixed(value, decimals)))
}

/// A proportion from 0 to 1 as a percentage with one decimal.
pub fn percent_one_decimal(proportion: f64) -> String {
    if !proportion.is_finite() {
        return MISSING.to_string();
    }
    format!("{}%", fixed(100.0 * proportion, 1))
}

/// A number with fixed decimals, thousands separated, a true minus sign and no minus zero.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return MISSING.to_string();
    }
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    if value < 0.0
        && plain
            .bytes()
            .any(|byte| byte.is_ascii_digit() && byte != b'0')
    {
        text.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A power of ten as people write it: plain digits near one, else `10⁵`.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    match exponent {
        -4..=-1 => format!(
            "{:.*}",
            exponent.unsigned_abs() as usize,
            10f64.powi(exponent)
        ),
        0..=4 => fixed(10f64.powi(exponent), 0),
        _ => format!("10{}", superscript(exponent)),
    }
}

/// A position in a drawing: at most two decimals and nothing superfluous.
pub(crate) fn coordinate(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_string()
    } else {
        text.to_string()
    }
}

/// `uL` is how files write microlitre; a reader expects the sign.
pub(crate) fn pretty_unit(unit: &str) -> String {
    unit.replace("uL", "µL")
        .replace("ug/", "µg/")
        .replace("^2", "²")
        .replace("^3", "³")
}

/// A number with its unit.
pub(crate) fn quantity(value: f64, unit: &str) -> String {
    match pretty_unit(unit).as_str() {
        "" => significant(value),
        unit if unit.starts_with('%') => format!("{}{unit}", significant(value)),
        unit => format!("{} {unit}", significant(value)),
    }
}

/// Text with the characters that mean something in HTML and XML replaced; control characters,
/// which XML forbids, are dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Exponent of the leading digit after rounding to three significant digits.
fn magnitude(value: f64) -> i32 {
    let text = format!("{:.2e}", value.abs());
    text.split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

fn trim(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}

fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    exponent
        .to_string()
        .chars()
        .map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_kept_at_every_magnitude() {
        let shown: Vec<String> = [
            0.0, 1.0, 1.5, 9.999, 99.95, 123.4, 1234.0, 123_456.0, 1.5e-4, 2.5e-7, 3.2e12,
        ]
        .into_iter()
        .map(significant)
        .collect();
        let expected = [
            "0",
            "1",
            "1.5",
            "10",
            "100",
            "123",
            "1,230",
            "123,000",
            "0.00015",
            "2.50 × 10⁻⁷",
            "3.20 × 10¹²",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_number_that_rounds_to_zero_has_no_minus() {
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(-0.06, 1), "−0.1");
        assert_eq!(coordinate(-0.001), "0");
    }

    #[test]
    fn percentages_keep_a_decimal_only_below_ten() {
        assert_eq!(percent(0.714), "71%");
        assert_eq!(percent(0.0123), "1.2%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(f64::NAN), "–");
    }
}
