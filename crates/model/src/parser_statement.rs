//! Statements: declarations, definitions, reactions, events and submodels.

use crate::diagnostic::{Saying, Span, nearest};
use crate::lexer::TokenKind;
use crate::parser::{KEYWORDS, Parsed, Parser};
use crate::syntax::*;

/// Words of Antimony that this reader does not take.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("delete", "leave the statement out of the module"),
    ("gene", "declare it as `species`"),
    ("operator", "write the rate as a formula"),
    ("DNA", "declare it as `species`"),
    ("reaction", "leave the word out: `name: A -> B; rate;`"),
    (
        "event",
        "leave the word out: `name: at (trigger): x = formula;`",
    ),
    ("constraint", "check the limits outside of the model"),
];

impl Parser<'_> {
    pub fn statement(
        &mut self,
        out: &mut Vec<Statement>,
        units: &mut Vec<UnitDefinition>,
    ) -> Parsed<()> {
        let first = self.peek();
        let word = if first.kind == TokenKind::Name {
            self.word(first)
        } else {
            ""
        };
        match word {
            "unit" => {
                self.position += 1;
                units.push(self.unit_definition()?);
                return self.statement_end();
            }
            "const" | "var" | "species" | "compartment" | "formula" | "substanceOnly" => {
                return self.declarations(out);
            }
            "at" => return self.event(None, out),
            "import" => {
                let saying = Saying::new("`import` inside of a model")
                    .hint("move it to the top of the file");
                return self.fail(first.span, saying);
            }
            _ => {}
        }
        let is_name = first.kind == TokenKind::Name && !KEYWORDS.contains(&word);
        if let Some((word, way_out)) = UNSUPPORTED.iter().find(|(w, _)| *w == word)
            && self.ahead(1).kind == TokenKind::Name
        {
            let saying = Saying::new(format!("`{word}` is not supported")).hint(*way_out);
            return self.fail(first.span, saying);
        }
        match self.ahead(1).kind {
            TokenKind::Colon if is_name => {
                let name = self.name("a name")?;
                self.position += 1;
                if self.at_word("at") {
                    return self.event(Some(name), out);
                }
                if self.at(TokenKind::Name) && self.ahead(1).kind == TokenKind::Open {
                    return self.instance(name, out);
                }
                self.reaction(Some(name), out)
            }
            TokenKind::Equal | TokenKind::Rule if is_name => {
                let target = self.name("a name")?;
                let definition = match self.advance().kind {
                    TokenKind::Equal => Definition::Value,
                    _ => Definition::Rule,
                };
                self.definition(definition, target, out)
            }
            TokenKind::Prime if is_name => {
                let target = self.name("a name")?;
                self.position += 1;
                if !self.eat(TokenKind::Equal) {
                    let hint = format!("a rate rule is written `{}' = formula`", target.text);
                    return self.expected("`=`", &hint);
                }
                self.definition(Definition::Rate, target, out)
            }
            TokenKind::Equal | TokenKind::Rule | TokenKind::Prime
                if first.kind == TokenKind::Name =>
            {
                self.name("a name to define").map(drop)
            }
            TokenKind::Open if is_name => {
                let name = self.word(first).to_string();
                let saying = Saying::new("a submodel needs a name")
                    .hint(format!("write `name: {name}(...)`"));
                self.fail(first.span, saying)
            }
            TokenKind::Name if is_name => self.remark(out),
            _ => self.reaction(None, out),
        }
    }

    fn definition(
        &mut self,
        definition: Definition,
        target: Name,
        out: &mut Vec<Statement>,
    ) -> Parsed<()> {
        let formula = self.formula()?;
        out.push(Statement::Define(definition, target, formula));
        self.statement_end()
    }

    /// `const species A in C = 5, $B;`
    fn declarations(&mut self, out: &mut Vec<Statement>) -> Parsed<()> {
        let (mut constant, mut role, mut substance_only) = (None, None, false);
        loop {
            let next = self.ahead(1).kind;
            if !matches!(next, TokenKind::Name | TokenKind::Dollar) {
                break;
            }
            match self.word(self.peek()) {
                "const" => constant = Some(true),
                "var" => constant = Some(false),
                "species" => role = Some(Role::Species),
                "compartment" => role = Some(Role::Compartment),
                "formula" => role = Some(Role::Parameter),
                "substanceOnly" => substance_only = true,
                _ => break,
            }
            self.position += 1;
        }
        loop {
            let boundary = self.eat(TokenKind::Dollar);
            let name = self.name("the name to declare")?;
            let compartment = if self.eat_word("in") {
                Some(self.name("a compartment")?)
            } else {
                None
            };
            out.push(Statement::Declare(Declaration {
                name: name.clone(),
                constant,
                role,
                substance_only,
                boundary,
                compartment,
            }));
            let definition = match self.peek().kind {
                TokenKind::Equal => Some(Definition::Value),
                TokenKind::Rule => Some(Definition::Rule),
                _ => None,
            };
            if let Some(definition) = definition {
                self.position += 1;
                let formula = self.formula()?;
                out.push(Statement::Define(definition, name, formula));
            }
            if !self.eat(TokenKind::Comma) {
                return self.statement_end();
            }
        }
    }

    /// `x has unit`, `x is "meaning"`, `a.x is y`, `x in C`, or an annotation, which is skipped.
    fn remark(&mut self, out: &mut Vec<Statement>) -> Parsed<()> {
        let target = self.name("a name")?;
        let verb = self.advance();
        match self.word(verb) {
            "has" => {
                let unit = self.unit_formula()?;
                out.push(Statement::HasUnit(target, unit));
            }
            "is" if self.at(TokenKind::Text) => {
                let text = self.advance();
                let text = self.word(text).trim_matches('"').to_string();
                out.push(Statement::Meaning(target, text));
            }
            "is" => {
                let hint = "write `x is \"meaning\"` or `submodel.x is y`";
                if !self.at(TokenKind::Name) {
                    return self.expected("a name or a text in quotes", hint);
                }
                let other = self.name("a name")?;
                out.push(Statement::Synchronise(target, other));
            }
            "in" => {
                let compartment = Some(self.name("a compartment")?);
                out.push(Statement::Declare(Declaration {
                    name: target,
                    constant: None,
                    role: Some(Role::Species),
                    substance_only: false,
                    boundary: false,
                    compartment,
                }));
            }
            word if self.at(TokenKind::Text) => {
                let saying = Saying::new(format!("annotation `{word}` is ignored"))
                    .hint("`is \"...\"` gives a meaning in words");
                self.reporter.warning(verb.span, saying);
                self.position += 1;
                while self.eat(TokenKind::Comma) && self.eat(TokenKind::Text) {}
            }
            word => {
                let found = word.to_string();
                let keyword = nearest(self.text_of(target.span), KEYWORDS.iter().copied());
                let saying = Saying::new(format!(
                    "expected `=`, `:=`, `' =`, `has` or `is`, found `{found}`"
                ))
                .maybe_hint(keyword.map(|k| format!("did you mean `{k}`?")));
                return self.fail(verb.span, saying);
            }
        }
        self.statement_end()
    }

    fn text_of(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn instance(&mut self, name: Name, out: &mut Vec<Statement>) -> Parsed<()> {
        if name.text.contains('.') {
            let saying = Saying::new("the name of a submodel has no dot");
            return self.fail(name.span, saying);
        }
        let module = self.name("the name of a model")?;
        self.position += 1;
        let mut arguments = Vec::new();
        while !self.eat(TokenKind::Close) {
            if self.at(TokenKind::Number) {
                let hint = "give the number a name first: `x = ...`";
                return self.expected("a name", hint);
            }
            arguments.push(self.name("a name or `)`")?);
            if !self.eat(TokenKind::Comma) && !self.at(TokenKind::Close) {
                return self.expected("`,` or `)`", "ports are connected to names");
            }
        }
        let span = name.span.to(self.previous_span());
        out.push(Statement::Instance(InstanceStatement {
            name,
            module,
            arguments,
            span,
        }));
        self.statement_end()
    }

    fn reaction(&mut self, name: Option<Name>, out: &mut Vec<Statement>) -> Parsed<()> {
        let start = self.peek().span;
        let hint = "statements look like `x = 1`, `x := y`, `x' = r` or `A -> B; rate`";
        if !matches!(
            self.peek().kind,
            TokenKind::Name
                | TokenKind::Number
                | TokenKind::Dollar
                | TokenKind::Arrow
                | TokenKind::FatArrow
        ) {
            return self.expected("a statement", hint);
        }
        let reactants = self.participants(hint)?;
        if !self.eat(TokenKind::Arrow) && !self.eat(TokenKind::FatArrow) {
            return self.expected("`->`", hint);
        }
        let products = self.participants("")?;
        let equation = start.to(self.previous_span());
        if !self.eat(TokenKind::Semicolon) || self.at(TokenKind::Semicolon) || self.at_word("end") {
            let saying =
                Saying::new("this reaction has no rate").hint("write `A -> B; rate formula;`");
            return self.fail(equation, saying);
        }
        let rate = self.formula()?;
        out.push(Statement::Reaction(Reaction {
            name,
            reactants,
            products,
            rate,
        }));
        self.statement_end()
    }

    fn participants(&mut self, hint: &str) -> Parsed<Vec<Participant>> {
        let mut found = Vec::new();
        loop {
            let mut boundary = self.eat(TokenKind::Dollar);
            let mut stoichiometry = 1.0;
            if self.at(TokenKind::Number) {
                stoichiometry = self.advance().value;
                boundary |= self.eat(TokenKind::Dollar);
            } else if found.is_empty() && !self.at(TokenKind::Name) && !boundary {
                return Ok(found);
            }
            if !self.at(TokenKind::Name) {
                return self.expected("the name of a species", hint);
            }
            let name = self.name("the name of a species")?;
            found.push(Participant {
                stoichiometry,
                boundary,
                name,
            });
            if !self.eat(TokenKind::Plus) {
                return Ok(found);
            }
        }
    }

    /// `at (trigger), option = value: x = formula, y = formula;`
    fn event(&mut self, name: Option<Name>, out: &mut Vec<Statement>) -> Parsed<()> {
        self.position += 1;
        let trigger = self.formula()?;
        if self.at_word("after") {
            let span = self.peek().span;
            let saying = Saying::new("events with a delay are not supported")
                .hint("give the time in the trigger: `at (time >= start + delay): ...`");
            return self.fail(span, saying);
        }
        while self.eat(TokenKind::Comma) {
            self.event_option()?;
        }
        if !self.eat(TokenKind::Colon) {
            return self.expected("`:`", "write `at (trigger): x = formula;`");
        }
        let mut assignments = Vec::new();
        loop {
            let target = self.name("the name that the event sets")?;
            if !self.eat(TokenKind::Equal) {
                return self.expected("`=`", "events assign with `=`");
            }
            assignments.push((target, self.formula()?));
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        out.push(Statement::Event(EventStatement {
            name,
            trigger,
            assignments,
        }));
        self.statement_end()
    }

    fn event_option(&mut self) -> Parsed<()> {
        let option = self.name("an option of the event")?;
        if !self.eat(TokenKind::Equal) {
            return self.expected("`=`", "");
        }
        let value = self.peek();
        let word = self.word(value).to_string();
        self.position += 1;
        let same = match option.text.as_str() {
            "t0" | "fromTrigger" | "persistent" => word == "true",
            "priority" => false,
            _ => {
                let options = ["t0", "fromTrigger", "persistent", "priority"];
                let near = nearest(&option.text, options);
                let saying = Saying::new(format!("unknown event option `{}`", option.text))
                    .maybe_hint(near.map(|n| format!("did you mean `{n}`?")));
                return self.fail(option.span, saying);
            }
        };
        if same {
            return Ok(());
        }
        let hint = match option.text.as_str() {
            "priority" => "events at one moment happen in the order of the text",
            "t0" => "an event happens only when its trigger turns from false to true",
            "fromTrigger" => "without delays the values are those of the trigger moment",
            _ => "an event that is due happens; leave the option out",
        };
        let message = format!("event option `{} = {word}` is not supported", option.text);
        self.fail(option.span.to(value.span), Saying::new(message).hint(hint))
    }
}
