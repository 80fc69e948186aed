//! FF1 as NIST SP 800-38G writes it down, step by step and digit by digit, with NIST's letters:
//! slow, and easy to hold against the paper.
//!
//! Numbers are `u128`, which is enough for all of NIST's samples and for 95 bits.

use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncrypt, BlockSizeUser};

pub struct General<C> {
    pub aes: C,
    pub radix: u32,
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> General<C> {
    pub fn encrypt(&self, tweak: &[u8], x: &[u32]) -> Vec<u32> {
        let (u, v) = (x.len() / 2, x.len() - x.len() / 2);
        let (mut a, mut b) = (x[..u].to_vec(), x[u..].to_vec());
        for i in 0..10 {
            let m = if i % 2 == 0 { u } else { v };
            let c = (self.num(&a) + self.y(i, tweak, x.len(), &b)) % self.power(m);
            (a, b) = (b, self.digits(c, m));
        }
        [a, b].concat()
    }

    pub fn decrypt(&self, tweak: &[u8], x: &[u32]) -> Vec<u32> {
        let (u, v) = (x.len() / 2, x.len() - x.len() / 2);
        let (mut a, mut b) = (x[..u].to_vec(), x[u..].to_vec());
        for i in (0..10).rev() {
            let m = if i % 2 == 0 { u } else { v };
            let y = self.y(i, tweak, x.len(), &a) % self.power(m);
            let c = (self.num(&b) + self.power(m) - y) % self.power(m);
            (b, a) = (a, self.digits(c, m));
        }
        [a, b].concat()
    }

    /// Steps 1 to 6.iv: what the round `i` makes of the half that it does not change.
    fn y(&self, i: u8, tweak: &[u8], n: usize, half: &[u32]) -> u128 {
        let (u, v) = (n / 2, n - n / 2);
        let (n, t) = (n as u32, tweak.len() as u32);
        let bits = 128 - (self.power(v) - 1).leading_zeros();
        let b = bits.div_ceil(8);
        let d = 4 * b.div_ceil(4) + 4;
        assert!(d <= 16, "a half this long would need more than one block");
        let p = [
            &[1, 2, 1],
            &self.radix.to_be_bytes()[1..],
            &[10, u as u8],
            &n.to_be_bytes(),
            &t.to_be_bytes(),
        ]
        .concat();
        let zeros = (-(i64::from(t) + i64::from(b) + 1)).rem_euclid(16) as usize;
        let number = self.num(half).to_be_bytes();
        let q = [tweak, &vec![0; zeros], &[i], &number[16 - b as usize..]].concat();
        let r = self.prf(&[p, q].concat());
        u128::from_be_bytes(r) >> (128 - 8 * d)
    }

    /// CBC-MAC, with nothing before the first block.
    fn prf(&self, text: &[u8]) -> [u8; 16] {
        let mut y = [0; 16];
        for block in text.chunks(16) {
            let mut mixed = Array::from(std::array::from_fn(|at| y[at] ^ block[at]));
            self.aes.encrypt_block(&mut mixed);
            y = mixed.into();
        }
        y
    }

    fn num(&self, digits: &[u32]) -> u128 {
        digits.iter().fold(0, |number, digit| number * u128::from(self.radix) + u128::from(*digit))
    }

    fn digits(&self, number: u128, m: usize) -> Vec<u32> {
        let radix = u128::from(self.radix);
        (0..m as u32).rev().map(|place| (number / radix.pow(place) % radix) as u32).collect()
    }

    fn power(&self, m: usize) -> u128 {
        u128::from(self.radix).pow(m as u32)
    }
}
