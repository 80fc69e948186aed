//! Looks at every state of a model, the nearest first.

use hashbrown::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// A world that is small enough to be looked at as a whole.
pub trait SmallWorld {
    type State: Eq + Hash;
    type Step;

    fn beginning(&mut self) -> Self::State;

    /// Whatever may happen next, and what it leads to, or why it must not happen.
    fn steps(&mut self, state: &Self::State) -> Vec<(Self::Step, Result<Self::State, String>)>;

    /// A step, for whoever reads the way to a mistake.
    fn print(&self, step: &Self::Step) -> String;

    /// What is wrong with a state.
    fn mistake(&mut self, state: &Self::State) -> Option<String>;

    /// Whether everything that was begun is at its end.
    fn is_settled(&mut self, state: &Self::State) -> bool;
}

/// How large a model was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    pub states: usize,
    pub steps: usize,
    pub settled: usize,
}

/// What is wrong, and the shortest way to it.
#[derive(Debug)]
pub struct Mistake {
    pub what: String,
    pub way: Vec<String>,
}

/// More states than that are a mistake of the model.
const MOST: usize = 4_000_000;

/// Looks at all of it. From every state one must be able to come to a settled one: then every run
/// settles in which whatever may happen again and again does happen at some time.
pub fn explore<W: SmallWorld>(world: &mut W) -> Result<Explored, Mistake> {
    let mut found = Found::default();
    let mut settled = Vec::new();
    found.note(world.beginning(), None);
    let mut next = 0;
    while next < found.states.len() {
        let state = found.states[next].clone();
        if let Some(what) = world.mistake(&state) {
            return Err(found.way(world, next, what, None));
        }
        if world.is_settled(&state) {
            settled.push(next);
        }
        for (step, came_to) in world.steps(&state) {
            match came_to {
                Ok(after) => found.note(after, Some(next)),
                Err(what) => {
                    let last = world.print(&step);
                    return Err(found.way(world, next, what, Some(last)));
                }
            }
        }
        assert!(found.states.len() < MOST, "the model has no end");
        next += 1;
    }
    if let Some(lost) = found.never_settles(&settled) {
        return Err(found.way(world, lost, "it can never settle".into(), None));
    }
    let (states, steps) = (found.states.len(), found.led_to.len());
    Ok(Explored { states, steps, settled: settled.len() })
}

struct Found<S> {
    numbers: HashMap<Rc<S>, usize>,
    states: Vec<Rc<S>>,
    /// From which state each was first come to.
    parents: Vec<Option<usize>>,
    /// Every step: from, to.
    led_to: Vec<(u32, u32)>,
}

impl<S> Default for Found<S> {
    fn default() -> Self {
        let (numbers, states) = (HashMap::new(), Vec::new());
        Found { numbers, states, parents: Vec::new(), led_to: Vec::new() }
    }
}

impl<S: Eq + Hash> Found<S> {
    fn note(&mut self, state: S, from: Option<usize>) {
        let next = self.states.len();
        let number = match self.numbers.get(&state) {
            Some(number) => *number,
            None => {
                let state = Rc::new(state);
                self.numbers.insert(state.clone(), next);
                self.states.push(state);
                self.parents.push(from);
                next
            }
        };
        if let Some(from) = from.filter(|from| *from != number) {
            self.led_to.push((from as u32, number as u32));
        }
    }

    /// The first state from which no settled one can be come to.
    fn never_settles(&self, settled: &[usize]) -> Option<usize> {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.states.len()];
        for (from, to) in &self.led_to {
            before[*to as usize].push(*from);
        }
        let mut settles = vec![false; self.states.len()];
        let mut open: Vec<usize> = settled.to_vec();
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut settles[state], true) {
                open.extend(before[state].iter().map(|from| *from as usize));
            }
        }
        settles.iter().position(|settles| !settles)
    }

    /// The steps that led there, made again.
    fn way<W: SmallWorld<State = S>>(
        &self,
        world: &mut W,
        at: usize,
        what: String,
        last: Option<String>,
    ) -> Mistake {
        let mut states = vec![at];
        while let Some(parent) = self.parents[states[states.len() - 1]] {
            states.push(parent);
        }
        states.reverse();
        let mut way = Vec::new();
        for pair in states.windows(2) {
            let to = &*self.states[pair[1]];
            let steps = world.steps(&self.states[pair[0]]);
            let step = steps.into_iter().find(|(_, after)| after.as_ref().is_ok_and(|s| s == to));
            way.extend(step.map(|(step, _)| world.print(&step)));
        }
        way.extend(last);
        Mistake { what, way }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}, after", self.what)?;
        self.way.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// The model as it is: nothing is wrong with it. Prints how large it was.
pub fn all_is_well<W: SmallWorld>(name: &str, world: &mut W) -> Explored {
    let explored = explore(world).unwrap_or_else(|mistake| panic!("{name}: {mistake}"));
    let Explored { states, steps, settled } = explored;
    println!("{name}: {states} states, {steps} steps, {settled} settled");
    explored
}

/// A rule of it is broken: that is noticed. Prints how.
pub fn is_missed<W: SmallWorld>(name: &str, world: &mut W) -> String {
    let mistake = explore(world).expect_err("a broken rule is noticed");
    println!("{name}: {}, after {} steps", mistake.what, mistake.way.len());
    mistake.what
}
