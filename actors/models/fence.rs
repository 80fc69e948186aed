//! The fence of a log on CQL: two nodes that both take the partition for theirs, statements that
//! arrive late, twice or never, and answers that are lost.
//!
//! It is a copy of `src/stores/cql` (`generations`, `log`, `outcome`), because that crate speaks to
//! a database. `the_fence_compares_what_the_store_compares` holds the two together. What is handed
//! out is one ticket, which may come back once. A head is all facts before it, as its hash is.

use super::explore::{SmallWorld, all_is_well, is_missed};

const NODES: usize = 2;
const CLIENTS: usize = 2;
const FAULTS: u8 = 2;
const STEALS: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fact {
    Take(u8),
    GiveBack(u8),
}

type Facts = Vec<Fact>;

/// What lies in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FencedLog {
    epoch: u8,
    facts: Facts,
    /// Under which epoch each was written. No head says that.
    under: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Statement {
    /// `IF epoch = from`
    Raise { node: u8, from: u8 },
    /// `IF epoch = … AND last_seq = … AND last_head = …`; without a fact it only confirms.
    Append { node: u8, epoch: u8, after: Facts, fact: Option<Fact>, denied: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum NodeStage {
    Closed,
    /// It has asked for the epoch after `from`. `read` is only used where it is read too early.
    Raising {
        from: u8,
        read: Facts,
    },
    Open {
        epoch: u8,
        memory: Facts,
        doing: Option<Doing>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Doing {
    statement: Statement,
    client: u8,
    /// An attempt was lost.
    doubt: bool,
}

/// A client wants the ticket; the first one then gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ClientStage {
    Wants(bool),
    /// Whether there was none left at any time since it asked.
    Asked {
        gives_back: bool,
        none_left: bool,
    },
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TwoNodes {
    log: FencedLog,
    flight: Vec<Statement>,
    nodes: [NodeStage; NODES],
    clients: [ClientStage; CLIENTS],
    faults: u8,
    steals: u8,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are printed")]
enum FenceStep {
    TakesOver(usize),
    Asks(usize, usize),
    Arrives(Statement),
    ArrivesAnswerLost(Statement),
    IsRepeated(usize),
    GivesUp(usize),
}

/// Rules that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FenceRule {
    EpochIsCompared,
    HeadIsCompared,
    EpochIsRaisedBeforeReading,
    OnlyAnOwnRaiseIsOnesOwn,
    LostAnswerIsNoRefusal,
    DoubtIsLookedUp,
    RefusalIsConfirmed,
    DurableBeforeTold,
    MemoryIsForgotten,
}

impl FenceRule {
    const ALL: [FenceRule; 9] = [
        FenceRule::EpochIsCompared,
        FenceRule::HeadIsCompared,
        FenceRule::EpochIsRaisedBeforeReading,
        FenceRule::OnlyAnOwnRaiseIsOnesOwn,
        FenceRule::LostAnswerIsNoRefusal,
        FenceRule::DoubtIsLookedUp,
        FenceRule::RefusalIsConfirmed,
        FenceRule::DurableBeforeTold,
        FenceRule::MemoryIsForgotten,
    ];
}

#[derive(Default)]
struct FenceModel {
    broken: Option<FenceRule>,
}

/// What an append was answered, as `outcome::meaning` reads it.
enum Answered {
    Applied,
    AppliedBefore,
    Fenced,
    Impossible,
}

fn is_taken(facts: &[Fact]) -> bool {
    held(facts) > 0
}

fn held(facts: &[Fact]) -> i32 {
    facts.iter().map(|fact| if matches!(fact, Fact::Take(_)) { 1 } else { -1 }).sum()
}

impl TwoNodes {
    fn send(&mut self, statement: Statement) {
        self.flight.push(statement);
        self.flight.sort();
    }

    fn write(&mut self, fact: Fact, under: u8) {
        self.log.facts.push(fact);
        self.log.under.push(under);
        let taken = is_taken(&self.log.facts);
        for client in &mut self.clients {
            if let ClientStage::Asked { none_left, .. } = client {
                *none_left |= taken;
            }
        }
    }

    /// The client hears nothing, or that nothing was done, and will come again.
    fn comes_again(&mut self, client: u8) {
        let client = &mut self.clients[usize::from(client)];
        if let ClientStage::Asked { gives_back, .. } = *client {
            *client = ClientStage::Wants(gives_back);
        }
    }
}

impl FenceModel {
    fn breaks(&self, rule: FenceRule) -> bool {
        self.broken == Some(rule)
    }

    fn take_over(&self, world: &mut TwoNodes, node: usize) {
        let (from, read) = (world.log.epoch, Vec::new());
        let early = self.breaks(FenceRule::EpochIsRaisedBeforeReading);
        let read = if early { world.log.facts.clone() } else { read };
        world.nodes[node] = NodeStage::Raising { from, read };
        world.send(Statement::Raise { node: node as u8, from });
    }

    /// The node decides by what it remembers, and sends what the answer rests on.
    fn ask(&self, world: &mut TwoNodes, client: usize, node: usize) -> Result<(), String> {
        let ClientStage::Wants(gives_back) = world.clients[client] else { return Ok(()) };
        let none_left = is_taken(&world.log.facts);
        world.clients[client] = ClientStage::Asked { gives_back, none_left };
        let NodeStage::Open { epoch, memory, .. } = &world.nodes[node] else { return Ok(()) };
        let (epoch, memory, id) = (*epoch, memory.clone(), client as u8);
        let wanted = if gives_back { Fact::GiveBack(id) } else { Fact::Take(id) };
        let fact = match (memory.contains(&wanted), gives_back) {
            (true, _) => None,
            (false, true) if !memory.contains(&Fact::Take(id)) => None,
            (false, true) => Some(wanted),
            (false, false) => (!is_taken(&memory)).then_some(wanted),
        };
        if fact.is_none() && self.breaks(FenceRule::RefusalIsConfirmed) {
            return self.told(world, node, id, None);
        }
        if fact.is_some() && self.breaks(FenceRule::DurableBeforeTold) {
            self.told(world, node, id, fact)?;
        }
        let statement =
            Statement::Append { node: node as u8, epoch, after: memory, fact, denied: false };
        if let NodeStage::Open { doing, .. } = &mut world.nodes[node] {
            *doing = Some(Doing { statement: statement.clone(), client: id, doubt: false });
        }
        world.send(statement);
        Ok(())
    }

    /// The client is told what the node decided: its fact, or what its memory says.
    fn told(
        &self,
        world: &mut TwoNodes,
        node: usize,
        client: u8,
        fact: Option<Fact>,
    ) -> Result<(), String> {
        let NodeStage::Open { memory, .. } = &world.nodes[node] else { return Ok(()) };
        let stage = &mut world.clients[usize::from(client)];
        let ClientStage::Asked { gives_back, none_left } = *stage else { return Ok(()) };
        let wanted = if gives_back { Fact::GiveBack(client) } else { Fact::Take(client) };
        let is_granted = fact.is_some() || memory.contains(&wanted);
        if is_granted && !world.log.facts.contains(&wanted) {
            return Err("a client was told of what is no fact".into());
        }
        if !is_granted && gives_back {
            return Err("what was granted is not known any more".into());
        }
        if !is_granted && !none_left {
            return Err("a client was told that none is left, and one was all the time".into());
        }
        let goes_on = is_granted && !gives_back && client == 0;
        *stage = if goes_on { ClientStage::Wants(true) } else { ClientStage::Done };
        Ok(())
    }

    /// The statement comes to the database. Its node hears the answer, if it still waits for it and
    /// `heard`.
    fn arrive(
        &self,
        world: &mut TwoNodes,
        statement: &Statement,
        heard: bool,
    ) -> Result<(), String> {
        let place = world.flight.iter().position(|other| other == statement);
        world.flight.remove(place.expect("it is on its way"));
        match statement {
            Statement::Raise { node, from } => {
                let applied = world.log.epoch == *from;
                world.log.epoch += u8::from(applied);
                self.raised(world, usize::from(*node), *from, applied, heard);
                Ok(())
            }
            Statement::Append { node, epoch, after, fact, denied } => {
                let by_epoch = match self.breaks(FenceRule::EpochIsCompared) {
                    true => world.log.epoch >= *epoch,
                    false => world.log.epoch == *epoch,
                };
                let head = world.log.facts == *after;
                let head = head || self.breaks(FenceRule::HeadIsCompared);
                let applied = by_epoch && head;
                let answer = FenceModel::meaning(world, applied, *epoch, after, *fact);
                if let Some(fact) = fact.filter(|_| applied) {
                    world.write(fact, *epoch);
                    if *denied {
                        return Err("what was said not to be done was done".into());
                    }
                }
                self.answered(world, usize::from(*node), statement, answer, heard)
            }
        }
    }

    fn meaning(
        world: &TwoNodes,
        applied: bool,
        epoch: u8,
        after: &[Fact],
        fact: Option<Fact>,
    ) -> Answered {
        let to: Facts = after.iter().copied().chain(fact).collect();
        match world.log.epoch {
            _ if applied => Answered::Applied,
            found if found > epoch => Answered::Fenced,
            found if found == epoch && world.log.facts == to => Answered::AppliedBefore,
            _ => Answered::Impossible,
        }
    }

    fn raised(&self, world: &mut TwoNodes, node: usize, from: u8, applied: bool, heard: bool) {
        let NodeStage::Raising { from: waits, read } = &world.nodes[node] else { return };
        if *waits != from {
            return;
        }
        let is_own = match (heard, self.breaks(FenceRule::OnlyAnOwnRaiseIsOnesOwn)) {
            (true, false) => applied,
            // Whoever raised it.
            (_, true) => world.log.epoch > from,
            (false, false) => false,
        };
        if !is_own {
            return self.take_over(world, node);
        }
        let early = self.breaks(FenceRule::EpochIsRaisedBeforeReading);
        let memory = if early { read.clone() } else { world.log.facts.clone() };
        let epoch = world.log.epoch;
        world.nodes[node] = NodeStage::Open { epoch, memory, doing: None };
    }

    fn answered(
        &self,
        world: &mut TwoNodes,
        node: usize,
        statement: &Statement,
        answer: Answered,
        heard: bool,
    ) -> Result<(), String> {
        let NodeStage::Open { doing, .. } = &mut world.nodes[node] else { return Ok(()) };
        let Some(mut work) = doing.take_if(|doing| doing.statement == *statement) else {
            return Ok(());
        };
        if !heard && !self.breaks(FenceRule::LostAnswerIsNoRefusal) {
            work.doubt = true;
            *doing = Some(work);
            world.send(statement.clone());
            return Ok(());
        }
        let answer = if heard { answer } else { Answered::Fenced };
        let Statement::Append { after, fact, .. } = statement else { return Ok(()) };
        let to: Facts = after.iter().copied().chain(*fact).collect();
        let looks_up = work.doubt && fact.is_some() && !self.breaks(FenceRule::DoubtIsLookedUp);
        let durable = match answer {
            Answered::Applied | Answered::AppliedBefore => true,
            Answered::Fenced => looks_up && world.log.facts.starts_with(&to),
            Answered::Impossible => {
                return Err("an append was refused although nobody has taken over".into());
            }
        };
        if durable {
            if let NodeStage::Open { memory, .. } = &mut world.nodes[node] {
                *memory = to;
            }
            return self.told(world, node, work.client, *fact);
        }
        self.fenced(world, node, work)
    }

    /// The node says that nothing was done, and stands down.
    fn fenced(&self, world: &mut TwoNodes, node: usize, work: Doing) -> Result<(), String> {
        world.nodes[node] = NodeStage::Closed;
        world.comes_again(work.client);
        let Statement::Append { epoch, after, fact: Some(fact), .. } = &work.statement else {
            return Ok(());
        };
        let to: Facts = after.iter().copied().chain([*fact]).collect();
        if world.log.facts.starts_with(&to) && world.log.under[after.len()] == *epoch {
            return Err("what was done was said not to be done".into());
        }
        for other in &mut world.flight {
            if *other == work.statement
                && let Statement::Append { denied, .. } = other
            {
                *denied = true;
            }
        }
        world.flight.sort();
        Ok(())
    }

    /// The outcome is unknown: the client is told so, and the node opens again from the log.
    fn give_up(&self, world: &mut TwoNodes, node: usize) {
        let keeps = self.breaks(FenceRule::MemoryIsForgotten);
        let NodeStage::Open { doing, memory, .. } = &mut world.nodes[node] else { return };
        let Some(work) = doing.take() else { return };
        if keeps {
            if let Statement::Append { fact: Some(fact), .. } = &work.statement {
                memory.push(*fact);
            }
        } else {
            world.nodes[node] = NodeStage::Closed;
        }
        world.comes_again(work.client);
    }
}

impl SmallWorld for FenceModel {
    type State = TwoNodes;
    type Step = FenceStep;

    fn beginning(&mut self) -> TwoNodes {
        TwoNodes {
            log: FencedLog { epoch: 1, facts: Vec::new(), under: Vec::new() },
            flight: Vec::new(),
            nodes: [NodeStage::Closed, NodeStage::Closed],
            clients: [ClientStage::Wants(false); CLIENTS],
            faults: FAULTS,
            steals: STEALS,
        }
    }

    fn steps(&mut self, world: &TwoNodes) -> Vec<(FenceStep, Result<TwoNodes, String>)> {
        let model = &*self;
        let mut steps = Vec::new();
        let mut may = |step: FenceStep, faults: u8, does: &dyn Fn(&mut TwoNodes) -> _| {
            let mut after = world.clone();
            after.faults -= faults;
            let done: Result<(), String> = does(&mut after);
            steps.push((step, done.map(|()| after)));
        };
        let closed = |node: usize| world.nodes[node] == NodeStage::Closed;
        for node in 0..NODES {
            let is_steal = !closed(1 - node);
            if closed(node) && (!is_steal || world.steals > 0) {
                may(FenceStep::TakesOver(node), 0, &|after| {
                    after.steals -= u8::from(is_steal);
                    model.take_over(after, node);
                    Ok(())
                });
            }
            let NodeStage::Open { doing, .. } = &world.nodes[node] else { continue };
            for client in 0..CLIENTS {
                if doing.is_none() && matches!(world.clients[client], ClientStage::Wants(_)) {
                    let ask = |after: &mut TwoNodes| model.ask(after, client, node);
                    may(FenceStep::Asks(client, node), 0, &ask);
                }
            }
            if let Some(doing) = doing.as_ref().filter(|_| world.faults > 0) {
                let copies = world.flight.iter().filter(|other| **other == doing.statement);
                if copies.count() < 2 {
                    may(FenceStep::IsRepeated(node), 1, &|after| {
                        let NodeStage::Open { doing: Some(doing), .. } = &mut after.nodes[node]
                        else {
                            return Ok(());
                        };
                        doing.doubt = true;
                        let statement = doing.statement.clone();
                        after.send(statement);
                        Ok(())
                    });
                }
                may(FenceStep::GivesUp(node), 1, &|after| {
                    model.give_up(after, node);
                    Ok(())
                });
            }
        }
        for statement in &world.flight {
            may(FenceStep::Arrives(statement.clone()), 0, &|after| {
                model.arrive(after, statement, true)
            });
            if world.faults > 0 {
                may(FenceStep::ArrivesAnswerLost(statement.clone()), 1, &|after| {
                    model.arrive(after, statement, false)
                });
            }
        }
        steps
    }

    fn print(&self, step: &FenceStep) -> String {
        format!("{step:?}")
    }

    fn mistake(&mut self, world: &TwoNodes) -> Option<String> {
        let facts = &world.log.facts;
        if (0..=facts.len()).any(|length| !(0..=1).contains(&held(&facts[..length]))) {
            return Some("the ticket was given to two".into());
        }
        let twice = |fact: &Fact| facts.iter().filter(|other| *other == fact).count() > 1;
        facts.iter().any(twice).then(|| "a key was granted twice".into())
    }

    fn is_settled(&mut self, world: &TwoNodes) -> bool {
        world.clients.iter().all(|client| *client == ClientStage::Done) && world.flight.is_empty()
    }
}

#[test]
fn whoever_owns_the_log_nothing_is_given_twice_and_nobody_is_told_a_lie() {
    let explored = all_is_well("fence", &mut FenceModel::default());
    assert!(explored.states > 10_000, "{explored:?}");
}

#[test]
fn every_rule_of_the_fence_is_missed() {
    for rule in FenceRule::ALL {
        is_missed(&format!("fence without {rule:?}"), &mut FenceModel { broken: Some(rule) });
    }
}

/// The model compares what the statements of the store compare.
#[test]
fn the_fence_compares_what_the_store_compares() {
    let rows = include_str!("../../src/stores/cql/rows.rs");
    assert!(rows.contains("\"IF epoch = ? AND last_seq = ? AND last_head = ?\""));
    let log = include_str!("../../src/stores/cql/log.rs");
    assert_eq!(log.matches("{IF_UNCHANGED}").count(), 2, "an append and a confirmation");
    let generations = include_str!("../../src/stores/cql/generations.rs");
    assert!(generations.contains("SET epoch = ? WHERE name = ? AND generation = ? IF epoch = ?"));
    let outcome = include_str!("../../src/stores/cql/outcome.rs");
    assert!(outcome.contains("Some(found) if found > epoch => Meaning::Fenced"));
    assert!(outcome.contains("if found == epoch"));
}
