//! The files of the page that shows the API's document: Swagger UI, read from the archive in which
//! it is released. The archive is part of the binary.

use flate2::read::DeflateDecoder;
use std::io::Read;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED as ARCHIVE;

/// The address of the document that the released page shows.
const EXAMPLE: &str = "https://petstore.swagger.io/v2/swagger.json";

/// What kind of content the file has, and its bytes. None: the page has no such file.
pub fn file(name: &str) -> Option<(&'static str, Vec<u8>)> {
    let name = if matches!(name, "" | "/") { "index.html" } else { name };
    let bytes = entries().find(|entry| entry.name == name)?.unpack()?;
    if name == "swagger-initializer.js" {
        let text = String::from_utf8(bytes).ok()?.replace(EXAMPLE, "/openapi.json");
        return Some((kind(name), text.into()));
    }
    Some((kind(name), bytes))
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css",
        Some((_, "html")) => "text/html",
        Some((_, "js")) => "text/javascript",
        Some((_, "png")) => "image/png",
        _ => "application/octet-stream",
    }
}

/// A file of the page as the archive lists it.
struct Entry {
    name: &'static str,
    is_packed: bool,
    packed_size: usize,
    size: usize,
    start: usize,
}

/// The archive's list is its last part; each row names a file and where it lies.
fn entries() -> impl Iterator<Item = Entry> {
    let end = ARCHIVE.windows(4).rposition(|bytes| bytes == b"PK\x05\x06");
    let mut row = end.map_or(ARCHIVE.len(), |end| number(end + 16, 4));
    let rows = std::iter::from_fn(move || {
        if ARCHIVE.get(row..row + 4)? != b"PK\x01\x02" {
            return None;
        }
        let name_size = number(row + 28, 2);
        let path = str::from_utf8(&ARCHIVE[row + 46..][..name_size]).ok()?;
        let lies_at = number(row + 42, 4);
        let entry = Entry {
            name: released(path).unwrap_or_default(),
            is_packed: number(row + 10, 2) != 0,
            packed_size: number(row + 20, 4),
            size: number(row + 24, 4),
            start: lies_at + 30 + number(lies_at + 26, 2) + number(lies_at + 28, 2),
        };
        row += 46 + name_size + number(row + 30, 2) + number(row + 32, 2);
        Some(entry)
    });
    rows.filter(|entry| !entry.name.is_empty())
}

/// The name of a file of the page: it lies in the folder `dist` of the archive's only folder.
fn released(path: &str) -> Option<&str> {
    path.split_once('/')?.1.strip_prefix("dist/")
}

/// Numbers lie in the archive with their lowest byte first.
fn number(at: usize, bytes: usize) -> usize {
    ARCHIVE[at..at + bytes].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

impl Entry {
    /// None where the bytes are not as many as the list says.
    fn unpack(&self) -> Option<Vec<u8>> {
        let packed = ARCHIVE.get(self.start..self.start + self.packed_size)?;
        let mut bytes = Vec::with_capacity(self.size);
        if self.is_packed {
            DeflateDecoder::new(packed).read_to_end(&mut bytes).ok()?;
        } else {
            bytes.extend(packed);
        }
        (bytes.len() == self.size).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_read_whole_and_its_kind_is_known() {
        let names: Vec<&str> = entries().map(|entry| entry.name).collect();
        for name in ["index.html", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        for name in names {
            let (kind, bytes) = file(name).expect(name);
            assert!(!bytes.is_empty() && kind != "application/octet-stream", "{name}: {kind}");
        }
        assert_eq!(file(""), file("index.html"));
        // The second is in the archive, but in another folder.
        for name in ["swagger-ui", ".npmrc"] {
            assert_eq!(file(name), None, "{name}");
        }
    }

    #[test]
    fn the_page_shows_the_document_of_this_server() {
        let (_, bytes) = file("swagger-initializer.js").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("url: \"/openapi.json\",") && !text.contains("://"), "{text}");
    }
}
