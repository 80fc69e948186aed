//! What `/metrics` shows, read back: each line with its labels and its value.

use std::borrow::Cow;

pub struct ExposedLine<'a> {
    pub name: &'a str,
    labels: &'a str,
    pub value: f64,
}

/// The lines of a text in the exposition format, without its comments.
pub fn lines(text: &str) -> impl Iterator<Item = ExposedLine<'_>> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}')?;
        Some(ExposedLine { name, labels, value: value.parse().ok()? })
    })
}

impl<'a> ExposedLine<'a> {
    pub fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.labels;
        while let Some((own, after)) = rest.split_once("=\"") {
            let end = end_of_value(after)?;
            if own == name {
                return Some(plain(&after[..end]));
            }
            rest = after[end + 1..].trim_start_matches(',');
        }
        None
    }
}

/// Where the quote stands that ends the value.
fn end_of_value(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end.then_some(at)
    })
}

fn plain(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return value.into();
    }
    let (mut plain, mut chars) = (String::new(), value.chars());
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => chars.next().map_or('\\', |c| if c == 'n' { '\n' } else { c }),
            c => c,
        });
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::super::series::Series;
    use super::*;

    #[test]
    fn what_was_written_is_read_whatever_it_is_called() {
        let series = Series::default();
        let name = "a\"b\\c\nd,state=\"e\"";
        let line = series.line("vouchers", &[("name", name), ("state", "used")]);
        line.set(7);
        let text = series.render();
        let read: Vec<_> = lines(&text).collect();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].name, read[0].value), ("vouchers", 7.0));
        assert_eq!(read[0].label("name").as_deref(), Some(name));
        assert_eq!(read[0].label("state").as_deref(), Some("used"));
        assert_eq!(read[0].label("campaign"), None);
    }

    #[test]
    fn a_line_may_have_no_labels_and_a_comment_is_none() {
        let text = "# TYPE a counter\na 3\nb_bucket{le=\"+Inf\"} 4\n\nbroken\n";
        let read: Vec<_> = lines(text).map(|line| (line.name.to_owned(), line.value)).collect();
        assert_eq!(read, [("a".to_owned(), 3.0), ("b_bucket".to_owned(), 4.0)]);
    }
}
