//! A frame of CQL, as far as somebody between a node and its database has to understand it.

use std::io::{Read, Result, Write};
use std::net::TcpStream;

const HEADER: usize = 9;
const EXECUTE: u8 = 0x0a;

pub struct Frame(Vec<u8>);

impl Frame {
    /// The next one, whole: the last four bytes of its header are the length of the rest.
    pub fn read(from: &mut TcpStream) -> Result<Frame> {
        let mut bytes = vec![0; HEADER];
        from.read_exact(&mut bytes)?;
        let length = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]) as usize;
        bytes.resize(HEADER + length, 0);
        from.read_exact(&mut bytes[HEADER..])?;
        Ok(Frame(bytes))
    }

    pub fn write(&self, to: &mut TcpStream) -> Result<()> {
        to.write_all(&self.0)
    }

    /// Whether it runs a prepared statement.
    pub fn executes(&self) -> bool {
        self.0[4] == EXECUTE
    }

    /// What a question and its answer have in common. What the database tells unasked has -1.
    pub fn stream(&self) -> i16 {
        i16::from_be_bytes([self.0[2], self.0[3]])
    }

    pub fn contains(&self, text: &str) -> bool {
        self.0.windows(text.len()).any(|window| window == text.as_bytes())
    }
}
