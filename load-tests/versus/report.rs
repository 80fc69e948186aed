//! What came of it, as a table and a picture, put between two marks of a page that a reader already
//! knows.

use super::postgres::Rates;
use harness::load::median;
use std::fmt::Write;
use std::path::Path;

const FROM: &str = "<!-- versus: written by load-tests/versus/run -->";
const TO: &str = "<!-- /versus -->";

pub struct Turn {
    pub per_second: f64,
    pub cpu_us: f64,
}

pub struct Row {
    pub name: &'static str,
    pub turns: Vec<Turn>,
}

impl Row {
    pub fn new(name: &'static str) -> Row {
        Row { name, turns: Vec::new() }
    }

    fn per_second(&self) -> f64 {
        median(self.turns.iter().map(|turn| turn.per_second))
    }

    fn cpu_us(&self) -> f64 {
        median(self.turns.iter().map(|turn| turn.cpu_us))
    }

    /// The median of the ratios of each turn's pair, because a turn's neighbours on the machine are
    /// the same for both.
    fn to(&self, other: &Row, of: impl Fn(&Turn) -> f64) -> f64 {
        median(self.turns.iter().zip(&other.turns).map(|(one, other)| of(one) / of(other)))
    }
}

pub struct Report {
    pub connections: usize,
    pub members: usize,
    pub rounds: usize,
    pub rows: Vec<Row>,
    pub postgres: Result<Rates, String>,
}

impl Report {
    pub fn table(&self) -> String {
        let constant = &self.rows[0];
        let mut text = format!(
            "{} connections, {} members, each asks once; medians of {} turns within one run; CPU \
             is that of\nthe server and of whatever stands behind it.\n\n",
            self.connections, self.members, self.rounds
        );
        text.push_str(
            "| | per second | ÷ constant reply | CPU µs each | ÷ constant reply \
            |\n|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let (rate, cpu) =
                (row.to(constant, |turn| turn.per_second), row.to(constant, |turn| turn.cpu_us));
            let _ = writeln!(
                text,
                "| {} | {:.0} | {rate:.2} | {:.1} | {cpu:.2} |",
                row.name,
                row.per_second(),
                row.cpu_us()
            );
        }
        match &self.postgres {
            Ok(rates) => {
                for (name, per_second) in rates.named() {
                    let _ =
                        writeln!(text, "| {name} (`pgbench`, no HTTP) | {per_second:.0} | | | |");
                }
            }
            Err(why) => {
                let _ = writeln!(text, "\n**PostgreSQL was not measured: {why}.**");
            }
        }
        text.push('\n');
        for (what, here, there) in self.pairs() {
            let _ = writeln!(text, "- {what}: {:.1} times as many a second here.", here / there);
        }
        text
    }

    /// What is compared, how many here, and how many there.
    fn pairs(&self) -> Vec<(&'static str, f64, f64)> {
        let row = |name: &str| self.rows.iter().find(|row| row.name == name);
        let mut pairs = Vec::new();
        let here = [row("stampede: claim of one campaign"), row("stampede: hold of a ticket")];
        let there = [row("Redis: claim of one campaign"), row("Redis: hold of a ticket")];
        for (what, pair) in ["claims, against Redis", "holds, against Redis"]
            .into_iter()
            .zip(here.into_iter().zip(there))
        {
            if let (Some(here), Some(there)) = pair {
                pairs.push((what, here.to(there, |turn| turn.per_second), 1.0));
            }
        }
        if let (Ok(rates), [Some(claims), Some(holds)]) = (&self.postgres, here) {
            pairs.push(("claims, against PostgreSQL", claims.per_second(), rates.claims));
            pairs.push(("holds, against PostgreSQL", holds.per_second(), rates.holds));
        }
        pairs
    }

    fn bars(&self) -> Vec<(String, f64)> {
        let mut bars: Vec<(String, f64)> =
            self.rows.iter().map(|row| (row.name.to_owned(), row.per_second())).collect();
        if let Ok(rates) = &self.postgres {
            bars.extend(rates.named().map(|(name, rate)| (name.into(), rate)));
        }
        bars
    }

    /// Bars, in a picture that needs nothing but a browser.
    fn picture(&self) -> String {
        let bars = self.bars();
        let most = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
        let height = 26 * bars.len() + 40;
        let mut svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='760' height='{height}' \
             font-family='sans-serif' font-size='13'>"
        );
        let _ = write!(
            svg,
            "<rect width='760' height='{height}' fill='white'/>\
             <text x='10' y='20'>Answers a second, all durable, {} connections</text>",
            self.connections
        );
        for (place, (name, value)) in bars.iter().enumerate() {
            let (y, width) = (place * 26 + 34, value / most * 420.0);
            let colour = match name.split(':').next() {
                Some("stampede") => "#2563eb",
                Some("Redis") => "#b45309",
                Some("PostgreSQL") => "#64748b",
                _ => "#a3a3a3",
            };
            let _ = write!(
                svg,
                "<text x='10' y='{}'>{name}</text>\
                 <rect x='250' y='{y}' width='{width:.1}' height='18' fill='{colour}'/>",
                y + 14
            );
            let _ =
                write!(svg, r#"<text x="{:.1}" y="{}">{value:.0}</text>"#, 256.0 + width, y + 14);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The table between the marks of the page, and the picture beside it.
    pub fn write(&self, page: &Path) -> std::io::Result<()> {
        let text = std::fs::read_to_string(page)?;
        let (before, rest) = text
            .split_once(FROM)
            .ok_or_else(|| std::io::Error::other(format!("the page has no line {FROM}")))?;
        let (_, after) = rest
            .split_once(TO)
            .ok_or_else(|| std::io::Error::other(format!("the page has no line {TO}")))?;
        let folder = page.parent().unwrap_or(Path::new("."));
        std::fs::write(folder.join("versus/versus.svg"), self.picture())?;
        std::fs::write(
            page,
            format!(
                "{before}{FROM}\n\n{}\n![The same as bars](versus/versus.svg)\n\n{TO}{after}",
                self.table()
            ),
        )
    }
}
