//! Running text: words, sentences, numbers, names.

/// Text in small letters, everything that is neither letter nor digit as one blank, a blank at both ends:
/// a phrase is in it if ` phrase ` is.
pub fn words(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// True if `words` (see [`words`]) holds one of the phrases; a plural counts.
pub fn has(words: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        words.contains(&format!(" {phrase} ")) || words.contains(&format!(" {phrase}s "))
    })
}

/// Trial numbers in a running text, each once, in the order of the text.
pub fn trial_numbers(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for start in ["NCT", "ChiCTR", "ISRCTN", "ACTRN", "jRCT"] {
        for (place, _) in text.match_indices(start) {
            let rest = &text[place + start.len()..];
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let long_enough = match start {
                "NCT" => digits.len() == 8,
                _ => digits.len() >= 8,
            };
            let number = format!("{start}{digits}");
            if long_enough && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    numbers
}

/// Sentences of a running text. A full stop ends one if a blank and a capital letter or a digit follow,
/// and no abbreviation stands before it.
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (place, _) in text.match_indices(['.', '?', '!']) {
        let rest = &text[place + 1..];
        let next = rest.trim_start();
        let ends = rest.starts_with(char::is_whitespace)
            && next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        let before = text[start..place]
            .rsplit(|c: char| c.is_whitespace() || c == '(')
            .next()
            .unwrap_or_default();
        let abbreviation =
            ["vs", "e.g", "i.e", "approx", "no", "Fig", "al", "ca"].contains(&before);
        if ends && !abbreviation {
            sentences.push(text[start..=place].trim().to_owned());
            start = place + 1;
        }
    }
    sentences.push(text[start..].trim().to_owned());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// True if a sentence tells a number, in digits or in words.
pub fn tells_number(sentence: &str) -> bool {
    const NUMBER_WORDS: [&str; 18] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "all patients",
        "no patient",
        "none",
        "all participants",
        "no participant",
        "half",
    ];
    let words = words(sentence);
    // A digit inside of a name (`CD19`, `KYV-101`) is no figure.
    let figure = sentence
        .split(|c: char| c.is_whitespace() || "()[],;=/".contains(c))
        .any(|word| {
            let bare = word.trim_start_matches(['<', '>', '≤', '≥', '~', '±', '-', '−', '+']);
            bare.starts_with(|c: char| c.is_ascii_digit())
        });
    figure || has(&words, &NUMBER_WORDS)
}

/// A family name as the start of an id: small Latin letters, `Müller` as `mueller`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => out.push_str("ae"),
            'ö' | 'ø' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'å' => out.push_str("aa"),
            'á' | 'à' | 'â' | 'ã' | 'ă' | 'ą' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ő' => out.push('o'),
            'ú' | 'ù' | 'û' | 'ů' | 'ű' => out.push('u'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ś' | 'š' | 'ş' => out.push('s'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ł' => out.push('l'),
            'ř' => out.push('r'),
            'ý' => out.push('y'),
            'ğ' => out.push('g'),
            'đ' | 'ď' => out.push('d'),
            'ţ' | 'ť' => out.push('t'),
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => out.push(c),
            _ => {}
        }
    }
    out
}
