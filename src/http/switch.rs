//! A field of a body that is `true`, `false`, or an object that says more.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[serde(untagged)]
pub enum Switch<T> {
    Whether(bool),
    With(T),
}

impl<T: Default> Switch<T> {
    /// What it says; None where it is switched off.
    pub fn said(self) -> Option<T> {
        match self {
            Switch::Whether(on) => on.then(T::default),
            Switch::With(more) => Some(more),
        }
    }
}

/// By hand, because what is derived for such an enum can only say that nothing fits, and not where.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Switch<T>, D::Error> {
        deserializer.deserialize_any(Reading(PhantomData))
    }
}

struct Reading<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<T> {
    type Value = Switch<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("true, false or an object")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Switch<T>, E> {
        Ok(Switch::Whether(on))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Switch<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Switch::With)
    }
}
