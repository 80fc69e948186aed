//! What a caller said in a body, a form or a query, before it is known whether it is right.
//!
//! It is read into a type as JSON is. But what was wrong can be noted in it, and from then on it
//! passes for whatever is asked for.

use super::mistake::{Mistake, quoted};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::fmt;

#[derive(Debug)]
pub enum Unparsed {
    /// It was wrong, and that is noted.
    Noted,
    Null,
    Truth(bool),
    Natural(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    /// A value of a query or a form, which may also be a number or a truth.
    Parameter(String),
    List(Vec<Unparsed>),
    /// With fields that stand twice.
    Object(Vec<(String, Unparsed)>),
}

impl Unparsed {
    pub fn parameters(parameters: Vec<(String, String)>) -> Unparsed {
        let parameters = parameters.into_iter();
        Unparsed::Object(parameters.map(|(name, text)| (name, Unparsed::Parameter(text))).collect())
    }

    /// Notes that what stands there is wrong; false if nothing does, or it is noted already.
    pub fn note(&mut self, path: &[String]) -> bool {
        let noted = self.at(path).map(|said| std::mem::replace(said, Unparsed::Noted));
        noted.is_some_and(|before| !matches!(before, Unparsed::Noted))
    }

    /// The fields of the object that stands there.
    pub fn fields(&mut self, path: &[String]) -> Option<&mut Vec<(String, Unparsed)>> {
        match self.at(path)? {
            Unparsed::Object(fields) => Some(fields),
            _ => None,
        }
    }

    fn at(&mut self, path: &[String]) -> Option<&mut Unparsed> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let inner = match self {
            Unparsed::Object(fields) => &mut fields.iter_mut().find(|(name, _)| name == first)?.1,
            Unparsed::List(items) => items.get_mut(first.parse::<usize>().ok()?)?,
            _ => return None,
        };
        inner.at(rest)
    }
}

impl<'de> IntoDeserializer<'de, Mistake> for &'de Unparsed {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Of these a parameter may be one, and of what is noted any will do.
macro_rules! plain_values {
    ($( $method:ident $type:ty, )*) => {
        $( fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let value = match self {
                Unparsed::Noted => Some(<$type>::default()),
                Unparsed::Parameter(text) => text.parse::<$type>().ok(),
                _ => None,
            };
            match value {
                Some(value) => value.into_deserializer().$method(visitor),
                None => self.deserialize_any(visitor),
            }
        } )*
    };
}

impl<'de> Deserializer<'de> for &'de Unparsed {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Null => visitor.visit_unit(),
            Unparsed::Noted => visitor.visit_bool(false),
            Unparsed::Truth(truth) => visitor.visit_bool(*truth),
            Unparsed::Natural(number) => visitor.visit_u64(*number),
            Unparsed::Negative(number) => visitor.visit_i64(*number),
            Unparsed::Fraction(number) => visitor.visit_f64(*number),
            Unparsed::Text(text) | Unparsed::Parameter(text) => visitor.visit_borrowed_str(text),
            Unparsed::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Unparsed::Object(fields) => {
                let fields = fields.iter().map(|(name, said)| (name.as_str(), said));
                visitor.visit_map(MapDeserializer::new(fields))
            }
        }
    }

    plain_values! {
        deserialize_bool bool,
        deserialize_u8 u8,
        deserialize_u16 u16,
        deserialize_u32 u32,
        deserialize_u64 u64,
        deserialize_i8 i8,
        deserialize_i16 i16,
        deserialize_i32 i32,
        deserialize_i64 i64,
        deserialize_f32 f32,
        deserialize_f64 f64,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Noted => visitor.visit_borrowed_str(""),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Noted => {
                visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<&Unparsed>()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Noted => {
                let none = std::iter::empty::<(&str, &Unparsed)>();
                visitor.visit_map(MapDeserializer::new(none))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Unparsed::Noted => {
                let fields = fields.iter().map(|name| (*name, &Unparsed::Noted));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            // A list would be taken for the fields in their order.
            Unparsed::List(_) => Err(Mistake::Wrong("an object".into())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match (self, variants) {
            (Unparsed::Noted, [first, ..]) => visitor.visit_enum((*first).into_deserializer()),
            (Unparsed::Text(text) | Unparsed::Parameter(text), _) => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            _ => Err(Mistake::Wrong(format!("one of {}", quoted(variants)))),
        }
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl<'de> Deserialize<'de> for Unparsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unparsed, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Unparsed;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Unparsed, E> {
        Ok(Unparsed::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Unparsed, E> {
        Ok(Unparsed::Truth(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Unparsed, E> {
        Ok(Unparsed::Natural(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Unparsed, E> {
        Ok(Unparsed::Negative(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Unparsed, E> {
        Ok(Unparsed::Fraction(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Unparsed, E> {
        Ok(Unparsed::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unparsed, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Unparsed::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Unparsed, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Unparsed::Object(fields))
    }
}
