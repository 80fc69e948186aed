//! The page of OWASP's lists: what it says in numbers is what its rows say.

use harness::root;
use std::collections::BTreeMap;

/// How a row begins to say what is so.
const VERDICTS: [&str; 6] = ["held", "by make", "written", "in part", "**not**", "in front"];

/// The items of a row, and what it says of them.
fn row(line: &str) -> Option<(usize, &str)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let items = cells.next()?.split(", ");
    let is_item = |item: &str| item.split('.').all(|part| part.parse::<u8>().is_ok());
    let count = items.clone().filter(|item| is_item(item)).count();
    let said = cells.nth(1)?;
    (count > 0).then_some((count, said))
}

#[test]
fn the_page_of_owasp_counts_its_own_rows() {
    let page = std::fs::read_to_string(root().join("docs/asvs.md")).unwrap();
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (items, said) in page.lines().filter_map(row) {
        let verdict = VERDICTS.iter().find(|verdict| said.starts_with(**verdict));
        *counted.entry(verdict.unwrap_or_else(|| panic!("what is `{said}`?"))).or_default() +=
            items;
    }
    let all: usize = counted.values().sum();
    let each = VERDICTS.map(|verdict| format!("{} {}", counted[verdict], verdict.replace('*', "")));
    let said = format!("{all} apply and have a row: {}.", each.join(", "));
    let plain = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains(&said), "the page should say: {said}");
}
