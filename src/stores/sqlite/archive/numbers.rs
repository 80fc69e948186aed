//! Whole numbers in as few bytes as they need: seven bits each, the lowest first.

pub fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to be read. Nothing is answered where the bytes end too soon.
pub struct ByteCursor<'a>(pub &'a [u8]);

impl<'a> ByteCursor<'a> {
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for place in 0..10 {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub fn skip(&mut self, length: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(length).ok()?..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_and_a_cut_one_is_none() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            let mut whole = ByteCursor(&bytes);
            assert_eq!((whole.number(), whole.0.len()), (Some(number), 0));
            assert_eq!(ByteCursor(&bytes[..bytes.len() - 1]).number(), None);
        }
        assert_eq!(ByteCursor(&[0xff; 11]).number(), None);
    }
}
