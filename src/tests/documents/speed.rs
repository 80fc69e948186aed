//! The picture of speed against the table that it is drawn from.

use harness::root;

/// Names and figures of the first table.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let table = page.lines().skip_while(|line| !line.starts_with("|---"));
    let lines = table.skip(1).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            (cells.next().expect("a row has a name"), cells.next().expect("and a figure"))
        })
        .collect()
}

#[test]
fn the_picture_of_speed_has_the_figures_of_its_table() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (page, picture) = (read("docs/speed.md"), read("docs/pictures/speed.svg"));
    let rows = rows(&page);
    assert!(rows.len() > 5, "{rows:?}");
    for (name, figure) in rows {
        for text in [name, figure] {
            let is_there = picture.contains(&format!(">{text}</text>"));
            assert!(is_there, "{text} is not in the picture: run docs/pictures/speed.py");
        }
    }
}
